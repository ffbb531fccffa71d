"""Seeds that all gave the same difference: no interval of no width in any place that tells it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from hpstudy import report
from hpstudy.analysis import claims
from hpstudy.analysis.claims import Claims
from hpstudy.store import Store
from tests.analysis import synthetic
from tests.analysis.synthetic import Options

PAIR = (("bn_only", "full"),)


def study(
    folder: Path, gaps: Sequence[int], depths: tuple[int, ...] = (), test: int = 90
) -> Claims:
    """A study tested on few examples, where seed i of bn_only gets gaps[i] more right than full."""
    options = Options(
        arms=("full", "bn_only"),
        contrasts=PAIR,
        depths=depths,
        trials=4,
        epochs=4,
        confirm=len(gaps),
        test=test,
        arrays=False,
    )
    events = list(synthetic.write(folder / "whole", options).events())
    for event in events:
        if event.get("phase") == "confirm":
            seed = event["seed_index"]
            right = gaps[seed] if event["arm"] == "bn_only" else 0
            event["metrics"]["test_accuracy"] = (
                test * 8 // 9 + (seed if sum(gaps) else 0) + right
            ) / test
    changed = Store(folder / "changed")
    changed.write_text("runs.jsonl", "".join(f"{json.dumps(event)}\n" for event in events))
    return claims(changed.folder)


def test_equal_differences_are_told_with_what_they_leave_unknown(tmp_path: Path) -> None:
    said = study(tmp_path, [1, 1, 1])
    (one,), (verdict,) = said.contrasts, said.verdicts
    assert one.interval is not None and one.interval.half_width is None and not one.shown
    assert verdict.claim.startswith(
        "bn_only reaches 91.11% test accuracy against full's 90.00%: +1.1 points, which 3 "
        "seeds are too few to show (the same on each of 3 paired seeds, which gives no interval, "
        "sign-flip p = 0.25 [smallest possible 0.25])"
    )
    assert (
        "all 3 paired differences are equal, so how far seeds spread is unknown "
        "(accuracy on 90 test examples moves in steps of 1.1 points)"
    ) in verdict.doubts


@pytest.mark.parametrize(("gap", "shown"), [(1, True), (0, False)])
def test_the_test_decides_where_it_can(tmp_path: Path, gap: int, shown: bool) -> None:
    said = study(tmp_path, [gap] * 6)
    assert said.contrasts[0].shown == shown
    answer = said.verdicts[0].answer
    assert answer.endswith(": +1.1 points" if shown else ": no difference shown")
    assert "at odds" not in said.verdicts[0].evidence
    page = report.write(said.store.folder, said).read_text()
    assert ("Equal scores give no interval." in page) != shown
    assert "Equal differences have no interval: they are shown where p is below 0.05" in page


@pytest.mark.parametrize(("test", "gap"), [(10_000, "0.01"), (50_000, "0.002")])
def test_a_small_gap_and_a_small_step_are_not_written_as_nothing(
    tmp_path: Path, test: int, gap: str
) -> None:
    said = study(tmp_path, [1] * 6, test=test)
    assert said.verdicts[0].answer.endswith(f": +{gap} points")
    assert any(f"moves in steps of {gap} points" in doubt for doubt in said.verdicts[0].doubts)


def test_one_seed_that_differs_gives_an_interval(tmp_path: Path) -> None:
    said = study(tmp_path, [1, 1, 2])
    assert not said.contrasts[0].alike
    assert "Equal differences" not in report.write(said.store.folder, said).read_text()
    assert "95% interval" in said.verdicts[0].evidence
    assert all("differences are equal" not in doubt for doubt in said.verdicts[0].doubts)


def test_tables_and_figures_show_none_either(tmp_path: Path) -> None:
    said = study(tmp_path, [1, 1, 1], depths=(1, 3))
    page = report.write(said.store.folder, said).read_text()
    answers = page[page.index('class="scroll answers"') :].partition("</table>")[0]
    assert re.findall(r'untested"><strong>(.*?)</strong><span', answers) == ["+1.1", "+1.1"]
    assert "without \u00b1: no interval, as every seed gave the same difference; not bold" in page
    assert "grey:" not in page
    assert page.count('<td class="number">none, all equal</td>') == 2
    assert "Equal differences give no interval." in page
    for row in csv.DictReader((said.store.folder / "contrast.csv").read_text().splitlines()):
        assert (row["low"], row["high"]) == ("", "")
        assert "no interval" in row["flags"].split("; ")
