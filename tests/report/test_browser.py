"""The report in a real browser: no errors, no sideways scrolling, light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hpstudy.report import write
from tests.analysis import synthetic
from tests.analysis.synthetic import Options

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    options = Options(
        depths=(1, 3),
        extra_axis={"random": (1, 4)},
        arms=("full", "bn_only", "random", "a_rather_long_name_for_an_arm"),
        contrasts=(("bn_only", "full"), ("a_rather_long_name_for_an_arm", "random")),
        searched=("training.weight_decay", "training.label_smoothing", "training.warmup"),
        trials=8,
        confirm=6,
        failed_trials=(2,),
        diverged_confirm=(("bn_only", 1),),
        texts={"traceback": "Traceback (most recent call last):\n" + "x" * 300},
    )
    return write(synthetic.write(tmp_path_factory.mktemp("browser"), options).folder)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield running
        running.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_report_opens_cleanly(browser: Any, report: Path, width: int, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda request: said.append(request.url))
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(report.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert said == []
    assert [url for url in requests if not url.startswith("data:")] == [report.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("document.body.scrollWidth") <= width
    if width == 1280:
        # the widest tables are read without scrolling
        cut = "[...document.querySelectorAll('#verdict .scroll, #arms .scroll')]"
        assert not page.evaluate(f"{cut}.some(one => one.scrollWidth > one.clientWidth)")
    headings = page.locator("h2").all_inner_texts()
    assert headings[:3] == ["The question", "The verdict", "The contrast"]
    assert headings[3] == "The design" and len(headings) == 12
    background, ink = page.evaluate(
        "(s => [s.backgroundColor, s.color])(getComputedStyle(document.body))"
    )
    assert _light(background) == (scheme == "light")
    assert _light(ink) == (scheme == "dark")
    # text in figures follows the scheme too, and stays readable
    fill = page.evaluate("getComputedStyle(document.querySelector('.panel svg text')).fill")
    assert _light(fill) == (scheme == "dark")
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('.panel svg text')]"
        ".filter(one => one.checkVisibility()).map(one => one.getBoundingClientRect().height))"
    )
    assert smallest >= 7
    context.close()


def test_captions_are_whole_beside_a_scrollbar(browser: Any, report: Path) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.goto(report.as_uri())
    # what is left of the window where a scrollbar takes its place
    page.evaluate("document.documentElement.style.width = '375px'")
    captions = "[...document.querySelectorAll('.scroll caption span')]"
    wider = f"{captions}.filter(one => one.offsetWidth > one.closest('.scroll').clientWidth)"
    assert page.evaluate(f"{captions}.length") > 2
    assert page.evaluate(f"{wider}.map(one => one.innerText)") == []
    page.close()


def _light(colour: str) -> bool:
    red, green, blue = (int(part) for part in re.findall(r"\d+", colour)[:3])
    return 0.299 * red + 0.587 * green + 0.114 * blue > 128


@pytest.mark.parametrize("which", ["report", "alone"])
def test_on_paper_all_is_there_and_legible(
    browser: Any, request: pytest.FixtureRequest, which: str
) -> None:
    # what A4 leaves between the page's margins, at 96 pixels an inch
    context = browser.new_context(viewport={"width": 718, "height": 1032}, color_scheme="dark")
    page = context.new_page()
    page.emulate_media(media="print")
    page.goto(request.getfixturevalue(which).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 718
    sizes = page.evaluate(
        """[...document.querySelectorAll('body *')]
        .filter(one => one.checkVisibility({contentVisibilityAuto: true, opacityProperty: true}))
        .filter(one => [...one.childNodes].some(it => it.nodeType == 3 && it.data.trim()))
        .map(one => parseFloat(getComputedStyle(one).fontSize)
            * (one.ownerSVGElement ? one.ownerSVGElement.getScreenCTM().a : 1))"""
    )
    assert len(sizes) > 300
    assert min(sizes) >= 7 * 96 / 72
    assert _light(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    # nothing on paper can be opened
    folded = page.locator("details:not([open]) > :not(summary)")
    assert folded.count() and all(one["height"] for one in map(_box, folded.all()))
    context.close()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of one contrast and no sweep: each figure is a single panel."""
    options = Options(
        depths=(),
        arms=("full", "bn_only"),
        contrasts=(("bn_only", "full"),),
        trials=4,
        confirm=6,
        arrays=False,
    )
    return write(synthetic.write(tmp_path_factory.mktemp("alone"), options).folder)


@pytest.mark.parametrize("width", [500, 1280, 1600])
@pytest.mark.parametrize("which", ["report", "alone"])
def test_figures_use_the_width_and_the_answers_the_first_screen(
    browser: Any, request: pytest.FixtureRequest, which: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 720})
    page.goto(request.getfixturevalue(which).as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    main = page.locator("main").bounding_box()
    assert main["width"] > min(0.9 * width, 1240)
    for found in page.locator(".panels").all():
        own, panels = (
            found.bounding_box(),
            [one.bounding_box() for one in found.locator(".panel").all()],
        )
        first = [one for one in panels if one["y"] == panels[0]["y"]]
        assert abs(first[-1]["x"] + first[-1]["width"] - own["x"] - own["width"]) < 2
        assert own["width"] > main["width"] * 0.97
        # of a panel's two drawings, one, which is as wide as the panel
        drawn = [one for one in map(_box, found.locator(".panel svg:visible").all())]
        assert len(drawn) == len(panels)
        assert all(one["width"] > 0.97 * panels[0]["width"] for one in drawn)
        assert all(one["height"] < 0.6 * 720 for one in drawn)
    if width > 1000:
        answers = page.locator(
            ".answers tbody th, .answers strong" if which == "report" else ".claim"
        )
        assert answers.count() >= 1
        assert all(one["y"] + one["height"] < 720 for one in map(_box, answers.all()))
    page.close()


def _box(one: Any) -> dict[str, float]:
    return dict(one.bounding_box())
