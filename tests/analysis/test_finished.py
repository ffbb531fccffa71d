"""Searches of which so little finished that their pick is hardly a tuned one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from hpstudy import terminal
from hpstudy.analysis.claims import claims
from hpstudy.analysis.finished import few_finished
from hpstudy.analysis.record import CellRecord
from hpstudy.search.options import BLIND
from hpstudy.store import Event, Store
from tests.analysis import synthetic
from tests.analysis.synthetic import Options

ENDS = {"f": "finished", "p": "pruned", "d": "diverged", "x": "failed"}


def searched(
    ends: str, rates: Sequence[int] = (), top: int = 4, parallel: int = 4, sampler: str = "tpe"
) -> CellRecord:
    """A cell whose trials ended so, each of a rate of its own where none is given."""
    search = {"sampler": sampler, "parallel": parallel}
    search |= {"choose_top": top, "trials": len(ends)}
    runs: list[Event] = [
        {"phase": "search", "trial": trial, "status": ENDS[end], "config": {"rate": rate}}
        for trial, (end, rate) in enumerate(zip(ends, rates or range(len(ends)), strict=True))
    ]
    return CellRecord("bn_only", "bn_only", {}, {}, search, 1, None, (), tuple(runs))


def told(cell: CellRecord) -> str:
    return "".join(flag.words for flag in few_finished(cell))


def test_a_search_that_finishes_nothing_that_it_learned_is_in_doubt() -> None:
    assert told(searched("ffff" + "p" * 12)) == (
        "only 4 of 16 configurations of bn_only's search finished, all of them proposed before any "
        "result was known (12 pruned)"
    )
    assert "finished, proposed before any result was known (2 pruned)" in told(
        searched("fpp", parallel=1)
    )


def test_a_search_with_fewer_than_are_trained_again_is_in_doubt() -> None:
    assert told(searched("dfpppfpxppfp")) == (
        "only 3 of 12 configurations of bn_only's search finished, fewer than the 4 to be trained "
        "again (7 pruned, 1 diverged, 1 failed)"
    )


def test_no_more_are_to_be_trained_again_than_there_are() -> None:
    assert "finished, fewer than the 2 to be trained again (1 pruned)" in told(searched("fp"))


@pytest.mark.parametrize(
    "healthy",
    [
        pytest.param(searched("ffffpppppppppfpp"), id="one that rests on results finished"),
        pytest.param(searched("fpppfpppfpppfppp", parallel=1), id="one in four, each the best yet"),
        pytest.param(searched("fff"), id="all of few"),
        pytest.param(searched("ffff"), id="no trial after the first window"),
        pytest.param(searched("ffffppp"), id="more than half"),
        pytest.param(searched("f" * 16 + "p" * 8, parallel=16), id="many at once"),
        *(
            pytest.param(searched("ffff" + "p" * 12, sampler=name), id=f"{name}, which learns none")
            for name in BLIND
        ),
        pytest.param(searched("pppp"), id="none, and so no pick"),
    ],
)
def test_a_healthy_search_is_not(healthy: CellRecord) -> None:
    assert not told(healthy)


def test_configurations_count_once() -> None:
    """As a small space repeats them, and an oracle promotes them."""
    assert not told(searched("ffffffffp", rates=[0, 1, 2, 3, 0, 1, 2, 3, 4]))
    assert not told(searched("pppppffff", rates=[0, 1, 2, 3, 4, 0, 1, 2, 3]))
    assert "only 1 of 3 configurations" in told(searched("ppfff", rates=[0, 1, 2, 2, 2]))


def test_a_fixed_arm_has_no_search_to_doubt() -> None:
    assert not few_finished(CellRecord("none", "none", {}, {}, None, 1, None, (), ()))


def test_report_and_terminal_tell_it(tmp_path: Path) -> None:
    options = Options(depths=(), trials=8, contrasts=(("bn_only", "full"),), arrays=False)
    events = list(synthetic.write(tmp_path / "whole", options).events())
    for event in events:
        if event.get("phase") == "search" and event["arm"] == "bn_only" and event["trial"] >= 4:
            event["status"] = "pruned"
    store = Store(tmp_path / "pruned")
    store.write_text("runs.jsonl", "".join(f"{json.dumps(event)}\n" for event in events))
    said = claims(store.folder)
    words = "only 4 of 8 configurations of bn_only's search finished"
    (doubt,) = (doubt for doubt in said.verdicts[0].doubts if "finished" in doubt)
    assert doubt.startswith(words)
    assert any(words in line for line in terminal.outcome(said))
    assert "few finished trials" in [flag.name for flag in said.contrasts[0].flags]
