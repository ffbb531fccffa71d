"""The report: complete, escaped, self-contained, and the same from the same store."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup

from hpstudy.analysis import claims
from hpstudy.errors import StoreError
from hpstudy.report import SECTIONS, write
from hpstudy.report.page import Group, Panel, figures
from hpstudy.store import Store
from tests.analysis import synthetic
from tests.analysis.synthetic import Options

ORDER = [
    *("question", "verdict", "contrast", "design", "search", "curves"),
    *("parameters", "arms", "ranking", "failures", "reproduce"),
]
SMALL: dict[str, Any] = {"depths": (1,), "trials": 6, "confirm": 3, "epochs": 6}
EVIL = "<script>alert('x')</script>"
ARM_COLOURS = ["--arm-0", "--arm-1", "--arm-2"]


class Page(HTMLParser):
    """Collects what the tests ask about; complains about tags that do not match."""

    VOID = frozenset({"meta", "link", "br", "wbr", "path", "use", "rect"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def sections(self) -> list[str | None]:
        return [attrs.get("id") for tag, attrs in self.tags if tag == "section"]


def page(folder: Path, **options: Any) -> tuple[str, Page]:
    html = write(synthetic.write(folder, Options(**{**SMALL, **options})).folder).read_text()
    return html, Page(html)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Page]:
    return page(tmp_path_factory.mktemp("plain"))


def test_sections_come_in_their_order(plain: tuple[str, Page]) -> None:
    assert plain[1].sections() == ORDER
    # neither k* nor a front has anything to say here
    assert len(SECTIONS) == len(ORDER) + 2


def test_the_page_asks_for_nothing_from_anywhere(plain: tuple[str, Page]) -> None:
    html, found = plain
    for _, attrs in found.tags:
        for name in ("src", "href", "data", "action", "srcset"):
            value = attrs.get(name) or "#"
            assert value.startswith(("#", "data:,")), value
    assert "@import" not in html
    assert "http:" not in html
    assert "https:" not in html
    assert not re.search(r"url\((?!#)", html)
    assert "<script" not in html


def test_every_id_is_unique_and_every_reference_resolves(plain: tuple[str, Page]) -> None:
    html, found = plain
    ids = [attrs["id"] for _, attrs in found.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    references = set(re.findall(r'(?:href="|url\()#([\w-]+)', html))
    assert references <= set(ids)


def test_figures_and_tables_can_be_read_aloud(plain: tuple[str, Page]) -> None:
    _, found = plain
    pictures = [a for tag, a in found.tags if tag == "svg" and a.get("aria-hidden") != "true"]
    assert pictures
    assert all(picture["role"] == "img" and picture["aria-label"] for picture in pictures)
    tables = sum(tag == "table" for tag, _ in found.tags)
    assert sum(tag == "caption" for tag, _ in found.tags) == tables > 0
    assert all(attrs.get("scope") for tag, attrs in found.tags if tag == "th")


def test_the_verdict_stands_in_the_page_with_its_flags(plain: tuple[str, Page]) -> None:
    text = " ".join(plain[1].text.split())
    assert "At depth 1, bn_only reaches" in text
    assert "too few seeds for the sign-flip test (3; at least 6 are needed for p < 0.05)" in text
    assert "training 256 of 101,898 against all 101,898 parameters" in text


def test_arms_are_told_apart_without_colours(plain: tuple[str, Page]) -> None:
    html, _ = plain
    for name in ("contrast", "search", "curves", "parameters"):
        section = html[html.index(f'<section id="{name}"') :].partition("</section>")[0]
        legend, _, drawing = section.partition('<div class="panels')
        # each arm's mark, in the legend and in the figure
        assert re.findall(r"<path d=[^>]*fill: var\((--arm-\d)\)", legend)[:3] == ARM_COLOURS
        assert set(re.findall(r"<use [^>]*var\((--arm-\d)\)", drawing)) == set(ARM_COLOURS)


def test_the_same_store_gives_the_same_bytes(tmp_path: Path) -> None:
    store = synthetic.write(tmp_path, Options(**SMALL))
    first = write(store.folder).read_bytes()
    assert write(store.folder).read_bytes() == first
    assert {"runs.csv", "ranking.csv", "contrast.csv"} <= {p.name for p in tmp_path.iterdir()}


def test_every_name_is_escaped(tmp_path: Path) -> None:
    html, found = page(
        tmp_path,
        name=EVIL,
        question=f"Is {EVIL} & <b>bold</b> safe?",
        arms=("full", f"{EVIL}$a_b$"),
        contrasts=((f"{EVIL}$a_b$", "full"),),
        failed_trials=(1,),
        texts={"traceback": f"ValueError: {EVIL}", "study": f"# {EVIL}\n"},
    )
    assert "<script" not in html
    assert not any(tag == "b" for tag, _ in found.tags)
    assert found.text.count("alert(") > 10


@pytest.mark.parametrize("stop", ["search", "choose"])
def test_an_unfinished_study_says_what_is_missing(tmp_path: Path, stop: str) -> None:
    html, found = page(tmp_path, stop_after=stop)
    arms = html[html.index('id="arms"') :].partition("</thead>")[0]
    # nothing is known there of any arm, so no table has a column for it
    assert ("validation accuracy" in arms) == (stop == "choose")
    assert "test accuracy" not in arms and ">trains<" in arms
    assert found.sections() == ORDER
    assert "Incomplete." in found.text
    assert "bn_only depth=1: " in found.text
    assert "has no verdict yet" in found.text


def test_a_study_that_has_only_begun_has_a_report(tmp_path: Path) -> None:
    whole = synthetic.write(tmp_path / "whole", Options(**SMALL))
    begun = Store(tmp_path / "begun")
    begun.append(next(whole.events()))
    found = Page(write(begun.folder).read_text())
    assert found.sections() == ORDER
    assert "no pick yet (0 of 6 trials)" in found.text
    assert "No run has ended yet." in found.text


def test_a_cell_whose_trials_all_failed_is_shown(tmp_path: Path) -> None:
    _, found = page(
        tmp_path, dead_cells=("bn_only depth=1",), texts={"traceback": "KeyError: 'width'"}
    )
    assert "none of 6 trials finished, so there is nothing to pick" in found.text
    assert "KeyError: 'width'" in found.text
    assert "6 failed" in found.text


def test_failures_are_counted_and_superseded_searches_named(tmp_path: Path) -> None:
    _, found = page(
        tmp_path, failed_confirm=[("full", 1)], diverged_confirm=[("full", 2)],
        generations={"random": 2},
    )  # fmt: skip
    text = " ".join(found.text.split())
    assert re.search(r"full depth=1, confirm trial \d, seed 2: loss was nan at epoch 3", text)
    assert "Superseded: 4 runs" in text
    assert "range of training.learning_rate changed" in text
    assert "1 of 3 confirm runs failed" in text


def test_reproducing_is_explained(plain: tuple[str, Page]) -> None:
    text = plain[1].text
    for words in ("python -m hpstudy run study.yaml", "c0ffee5eed15900d", "split seed 1"):
        assert words in text
    assert "backend jax" in text
    assert "/tmp/" not in text


def test_what_a_reproduced_study_needs_beside_it_is_named(tmp_path: Path) -> None:
    store = synthetic.write(tmp_path, Options(**SMALL))
    lines = []
    for event in store.events():
        if event["event"] == "study":
            event["data"]["options"] = {"path": "cells.csv"}
            for cell in event["cells"]:
                cell["settings"] |= {"model.type": "own:Net", "model.code": "own.py 0a, kt 1.4"}
        lines.append(f"{json.dumps(event)}\n")
    store.write_text("runs.jsonl", "".join(lines))
    text = Page(write(store.folder).read_text()).text
    assert "(a copy lies beside this report) and own.py and cells.csv beside it:" in text


def test_a_contrast_is_headed_once_where_nothing_is_swept(tmp_path: Path) -> None:
    html, found = page(tmp_path, depths=(), choose=1)
    picture = html[html.index('id="contrast"') : html.index('id="design"')]
    shown = re.findall(r"<h3>.*?</h3>|<p class=.panel-title.>.*?</p>", picture)
    assert [re.sub("<.*?>", "", one) for one in shown] == [
        "bn_only against full",
        "bn_only against random",
    ]
    # nothing is swept, so no table has a column for it
    assert "sweep point" not in found.text
    assert "trained again on 1 fresh seed" in found.text and "1 fresh seeds" not in found.text


def test_a_legend_tells_of_what_is_drawn(tmp_path: Path) -> None:
    words = ("hollow: diverged seed", "hollow: pruned", "diverged or failed")
    small: dict[str, Any] = {"arms": ("full", "bn_only"), "contrasts": (("bn_only", "full"),)}
    small["arrays"] = False
    html, _ = page(tmp_path / "plain", trials=4, **small)
    assert [word in html for word in words] == [False, False, False]
    lost = {"diverged_confirm": [("full", 1)], "failed_trials": (2,)}
    html, _ = page(tmp_path / "lost", trials=6, **lost, **small)
    assert [word in html for word in words] == [True, True, False]
    assert re.search(r"</svg> failed</li>", html)


def test_each_axis_of_a_sweep_has_its_own_column(tmp_path: Path) -> None:
    html, _ = page(tmp_path, depths=(1, 3), extra_axis={"random": (1, 4)}, contrasts=())
    table = html[html.index('id="arms"') :]
    heads = re.findall(r"<th scope=.col.[^>]*>(.*?)</th>", table[: table.index("</thead>")])
    assert heads[:3] == ["depth", "weights per unit", "trains"]
    cells = re.findall(r"<td[^>]*>(.*?)</td>", table[: table.index("</table>")])
    rows = [tuple(cells[i : i + 2]) for i in range(0, len(cells), len(heads))]
    assert rows == [
        *(("1", "\u2013"), ("3", "\u2013")) * 2,
        *(("1", "1"), ("1", "4"), ("3", "1"), ("3", "4")),
    ]


def test_what_is_in_doubt_looks_otherwise_than_what_was_compared(
    plain: tuple[str, Page], tmp_path: Path
) -> None:
    html = plain[0]
    assert re.search(r'<p class="note"><span>Noted of both:</span> same network', html)
    assert re.search(r'<p class="doubt"><span>In doubt of both:</span>[^<]* too few seeds', html)
    assert html.count("too few seeds") == 1 + len(re.findall('aria-label="[^"]*too few', html))
    small: dict[str, Any] = {"arms": ("full", "bn_only"), "contrasts": (("bn_only", "full"),)}
    html, _ = page(tmp_path / "other", widths={"full": 64}, arrays=False, **small)
    assert re.search(r'<p class="doubt"><span>In doubt:</span> networks differ', html)


def test_regression_and_no_sweep(tmp_path: Path) -> None:
    html, found = page(
        tmp_path, task="regression", metric="r2", depths=(),
        arms=("full", "bn_only"), contrasts=(("bn_only", "full"),),
    )  # fmt: skip
    assert "R2 against trained parameters" in found.text
    assert "points" not in found.text.replace("sweep points", "").replace("sweep point", "")
    assert 'id="contrast"' in html


def test_a_study_without_a_learning_rate_search_or_contrast(tmp_path: Path) -> None:
    _, found = page(tmp_path, fixed_rate=True, contrasts=(), arms=("full",))
    assert "The study declares no contrast." in found.text
    assert found.sections() == ORDER


def test_many_cells_fold_away_by_contrast(tmp_path: Path) -> None:
    html, _ = page(
        tmp_path,
        depths=(1, 2, 3, 4, 6),
        arms=("full", "bn_only", "random", "output"),
        contrasts=(("bn_only", "full"), ("random", "full"), ("output", "full")),
        arrays=False,
        trials=2,
        confirm=2,
    )
    assert html.count("<details open><summary>bn_only against full") == 1
    assert "<details><summary>random against full</summary>" in html
    assert "<details><summary>random against full: 5 verdicts, 5 in doubt</summary>" in html


def test_a_folder_without_a_study_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no study"):
        write(tmp_path)


def test_a_long_list_of_failures_is_cut_and_says_so(tmp_path: Path) -> None:
    failed = tuple(range(4, 114))
    _, found = page(tmp_path, arms=("full",), contrasts=(), trials=115, failed_trials=failed)
    text = " ".join(found.text.split())
    assert "full depth=1, search trial 103, seed 0" in text
    assert "search trial 104" not in text
    assert "and 109 more" in text
    assert "and 10 more runs, in runs.csv" in text
    runs = (tmp_path / "runs.csv").read_text().splitlines()
    assert sum(",failed," in line for line in runs) == len(failed)


def test_one_table_has_every_contrast(tmp_path: Path) -> None:
    def table(html: str) -> tuple[list[str], list[str]]:
        verdict = html[html.index('id="verdict"') : html.index('id="contrast"')]
        found = next(one for one in verdict.split("</table>") if "sign-flip p<" in one)
        heads = re.findall(r"<th[^>]*>(.*?)</th>", found)
        return [re.sub("<.*?>", "", one) for one in heads], re.findall(
            r"<td[^>]*>(.*?)</td>", found
        )

    small = {"confirm": 2, "trials": 2, "arrays": False}
    heads, cells = table(page(tmp_path / "one", depths=(), **small)[0])
    assert heads[:4] == ["contrast", "n", "first", "second"]
    assert cells[:: len(heads)] == ["bn_only against full", "bn_only against random"]
    heads, cells = table(page(tmp_path / "two", depths=(1, 3), **small)[0])
    assert heads[0] == "depth" and heads[-2:] == ["bn_only against full", "bn_only against random"]
    doubts = [str(len(one.doubts)) for one in claims(tmp_path / "two").verdicts]
    assert heads[-3] == "doubts" and cells[len(heads) - 3 :: len(heads) - 2] == doubts
    assert cells[:: len(heads) - 2] == ["1", "3", "1", "3"]
    pair = {"arms": ("full", "bn_only"), "contrasts": (("bn_only", "full"),)}
    heads, _ = table(page(tmp_path / "pair", **small, **pair)[0])
    assert heads[:4] == ["depth", "n", "bn_only", "full"]


def at_a_glance(html: str) -> list[list[str]]:
    """The rows of the first table of the verdict: its cells in words."""
    found = html[html.index('id="verdict"') :].partition("</table>")[0]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", one) for one in found.split("<tr")[1:]]
    return [[re.sub("<.*?>", "", cell) for cell in row] for row in rows]


@pytest.mark.parametrize(
    ("seeds", "looks"), [(6, ["", " unshown"]), (5, [" untested", " unshown"])]
)
def test_a_sweep_opens_with_the_answers_and_has_its_numbers_below(
    seeds: int, looks: list[str], tmp_path: Path
) -> None:
    small = {"confirm": seeds, "trials": 2, "arrays": False}
    html, _ = page(tmp_path / "two", depths=(1, 3), diverged_confirm=[("random", 1)], **small)
    above, axis, *rows = at_a_glance(html)[0][1:], *at_a_glance(html)[1:]
    assert above == ["depth"] and axis == ["contrast", "1", "3"]
    assert [row[0] for row in rows] == ["bn_only against full", "bn_only against random"]
    told = claims(tmp_path / "two")
    cells = [cell for row in rows for cell in row[1:]]
    for cell, one, said in zip(cells, told.contrasts, told.verdicts, strict=True):
        assert one.interval is not None and one.interval.half_width is not None
        half, mean = 100 * one.interval.half_width, 100 * one.interval.mean
        number, _, reach = cell.rstrip("\u2020").replace("\u2212", "-").partition(" \u00b1")
        assert float(number) == pytest.approx(mean, abs=0.051)
        assert float(reach) == pytest.approx(half, abs=0.051)
        assert cell.endswith("\u2020") == bool(said.doubts)
    # of too few seeds no difference is shown, though their interval excludes zero
    found = re.findall(r'class="number(| unshown| untested)"><strong>', html)
    covers = [one.interval is None or one.interval.covers_zero for one in told.contrasts]
    assert found == [looks[covered] for covered in covers] and len({*covers}) == 2
    few = "not bold: too few seeds to show a difference (at least 6 are needed)"
    assert "grey: no difference shown" in html and (few in html) == (seeds < 6)
    # the sentences stand between the two tables
    claim = html.index('<p class="claim">')
    assert html.index("Differences by depth") < claim < html.index("sign-flip p</th>")


def test_what_has_one_answer_opens_with_it(tmp_path: Path) -> None:
    small: dict[str, Any] = {"confirm": 2, "trials": 2, "arrays": False, "depths": ()}
    html, _ = page(tmp_path / "several", **small)
    assert html.index("sign-flip p</th>") < html.index('<p class="claim">')
    pair = {"arms": ("full", "bn_only"), "contrasts": (("bn_only", "full"),)}
    html, _ = page(tmp_path / "one", **small, **pair)
    assert html.index('<p class="claim">') < html.index("sign-flip p</th>")
    assert "Differences" not in html


def test_the_longest_sweep_goes_across_and_the_others_lead_rows(tmp_path: Path) -> None:
    small: dict[str, Any] = {"confirm": 2, "trials": 2, "arrays": False, "depths": (1, 3)}
    contrasts = (("random", "full"), ("bn_only", "full"))
    html, _ = page(
        tmp_path, contrasts=contrasts, extra_axis={"random": (1, 2, 4)},
        dead_cells=("full depth=3",),
        **small,
    )  # fmt: skip
    above, axis, *rows = at_a_glance(html)
    assert above[1:] == ["weights per unit"] and axis == ["contrast", "depth", "1", "2", "4"]
    assert [row[:2] for row in rows] == [["random against full", "1"], ["random against full", "3"]]
    assert rows[1][2:] == ["\u2013"] * 3 and "\u2013" not in rows[0]
    # contrasts that are swept otherwise have a table of their own
    second = html[html.index("Differences by depth") :].partition("</table>")[0]
    assert "bn_only against full" in second and "random" not in second


@pytest.mark.parametrize(
    ("panels", "columns"), [(1, 1), (2, 2), (3, 3), (4, 2), (5, 3), (6, 3), (9, 3)]
)
def test_panels_fill_their_rows(panels: int, columns: int) -> None:
    drawn: list[tuple[int, int]] = []

    def draw(width: int, height: int) -> Markup:
        drawn.append((width, height))
        return Markup("<svg></svg>")

    html = figures("", [], [Group("", [Panel("", draw)] * panels)], "What it shows.")
    assert f'class="panels of-{columns}"' in html
    # one alone is drawn for a wide window too
    assert len(set(drawn)) == html.count("<svg") // panels == (2 if panels == 1 else 1)
    # readable in the one column of a telephone
    assert 9.5 * 358 / drawn[0][0] > 6
