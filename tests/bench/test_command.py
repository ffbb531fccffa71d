"""Whole benchmarks, at the smallest size that runs."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from hpstudy import cli
from hpstudy.bench import BENCHES, PEERS, Options, run
from hpstudy.errors import HpstudyError


def test_a_race_against_one_peer_agrees_in_accuracy(tmp_path: Path) -> None:
    kept, shown = tmp_path / "bench.json", io.StringIO()
    options = Options(trials=2, peers=("optuna-jax", "hpstudy-cold"), quick=True)
    assert run(["small"], options, shown, kept)
    (found,) = json.loads(kept.read_text()).values()
    other, own = found["laps"]
    assert (other["peer"], own["peer"]) == ("optuna-jax", "hpstudy-cold")
    assert len(found["configurations"]) == 2
    for one, theirs in zip(own["accuracies"], other["accuracies"], strict=True):
        assert one == pytest.approx(theirs, abs=0.2)
    assert own["parts"]["runs"][0]["compilations"] > 0
    assert 0 < own["began"] < own["wall"]
    assert "small: 2 trials of 5 epochs on digits; taken once" in shown.getvalue()
    assert "where hpstudy's seconds went" in shown.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["small", "seed"])
def test_every_peer_trains_every_trial(name: str, tmp_path: Path) -> None:
    kept = tmp_path / "bench.json"
    assert run([name], Options(trials=3, quick=True), io.StringIO(), kept)
    (found,) = json.loads(kept.read_text()).values()
    laps = {lap["peer"]: lap for lap in found["laps"]}
    assert list(laps) == list(PEERS)
    assert all(len(lap["accuracies"]) == 3 for lap in laps.values())
    cold, warm = laps["hpstudy-cold"], laps["hpstudy-warm"]
    assert cold["accuracies"] == warm["accuracies"]
    assert sum(one["compilations"] for one in warm["parts"]["runs"]) == 0


def test_bookkeeping_leaves_a_whole_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # each sampler and pruner of the benchmark once
    searched = [("random", "asha"), ("tpe", "none")]
    monkeypatch.setattr("hpstudy.bench.bookkeeping.SEARCHES", searched)
    kept = tmp_path / "bench.json"
    assert run(["bookkeeping"], Options(trials=12, repeats=1), io.StringIO(), kept)
    (found,) = json.loads(kept.read_text()).values()
    searches = [(lap["sampler"], lap["pruner"]) for lap in found["laps"]]
    assert searches == searched
    assert all(lap["own"] > 0 and lap["ask"] > 0 for lap in found["laps"])


def test_a_large_study_is_made_and_reported_on(tmp_path: Path) -> None:
    kept, shown = tmp_path / "bench.json", io.StringIO()
    assert run(["report"], Options(quick=True), shown, kept)
    (lap,) = json.loads(kept.read_text())["report"]["laps"]
    assert lap["shape"] == {"trials": 12, "arms": 2, "depths": 1}
    assert lap["seconds"] > 0 and lap["report_mib"] > 0.01
    assert "report: of studies made up" in shown.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["memory", "growth", "floor", "subsets", "lanes"])
def test_hpstudy_alone_is_measured(name: str, tmp_path: Path) -> None:
    shown = io.StringIO()
    assert run([name], Options(trials=3, quick=True), shown, None)
    assert shown.getvalue().startswith(f"{name}: ")


def test_what_cannot_be_kept_is_told_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(HpstudyError, match="cannot be written"):
        run(["small"], Options(), io.StringIO(), tmp_path / "none" / "bench.json")


def test_the_command_tells_the_benchmarks_that_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["bench", "smal"]) == cli.BAD_INPUT
    assert "small" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["bench", "--help"])
    said = capsys.readouterr().out
    assert all(re.search(rf"\b{name}\b", said) for name in BENCHES)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "--only small",
            "none is named; write `python -m hpstudy bench floor --only small` or "
            "`python -m hpstudy bench small`\n",
        ),
        (
            "--only full seed",
            "none is named; write `python -m hpstudy bench floor --only full seed`\n",
        ),
        ("--only trials", "write `python -m hpstudy bench growth --only trials`\n"),
        ("--only lanes", "write `python -m hpstudy bench lanes`\n"),
        ("--only larg", "there are: growth (trials, networks), floor (small, full, seed)\n"),
        (
            "small --only small",
            "parts to choose from: write `python -m hpstudy bench small`; growth and floor",
        ),
        ("floor --only smal", "`floor` has no part `smal`; did you mean `small`?"),
    ],
)
def test_parts_of_no_benchmark_are_told_what_to_write(
    words: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["bench", *words.split()]) == cli.BAD_INPUT
    assert told in capsys.readouterr().err
