"""Progress on a terminal and off it, and what is said when a study is done."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from hpstudy import bill, data, spec, terminal
from hpstudy.analysis import claims
from hpstudy.arguments import LISTS
from hpstudy.engine.devices import Fleet
from hpstudy.search.expected import Typical
from hpstudy.spec import Cell, Spec
from hpstudy.study import REGISTRIES
from hpstudy.terminal import listing
from hpstudy.terminal.live import Live
from hpstudy.terminal.plain import Plain
from hpstudy.terminal.standing import Standing
from hpstudy.terminal.words import clock, rate
from tests.analysis import synthetic
from tests.analysis.synthetic import Options

STUDY = """\
# Who wins?
name: shown
data: {name: digits, validation: 0.2, test: 0.2}
model: {type: mlp, width: {sweep: [8]}}
training:
  length: {epochs: 5}
  learning_rate: {float: [0.01, 1], log: true}
arms:
  full: {train: all}
  bn_only: {train: batchnorm}
search: {trials: 4, choose: {top: 2, seeds: 3}}
confirm: {seeds: 5}
"""


@dataclass
class FakeCell:
    cell: Cell
    phase: str = "search"
    exhausted: str | None = None
    trials: int = 0
    to_confirm: int = 1


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Clock:
    return Clock()


def load(folder: Path, *edits: str) -> Spec:
    path = folder / "shown.yaml"
    path.write_text(STUDY)
    return spec.load(path, REGISTRIES, edits=edits)


def fakes(study: Spec) -> dict[str, FakeCell]:
    return {cell.name: FakeCell(cell) for cell in study.cells}


def typical(study: Spec) -> Mapping[str, Typical]:
    return bill.typical(study, data.sizes(study.data), Fleet(2))


def ended(cell: str, phase: str = "search", **more: Any) -> dict[str, Any]:
    event = {"cell": cell, "phase": phase, "trial": 0, "status": "finished", "score": 0.5}
    return {"event": "run", "epochs": 5, "reason": None, "same_as": None, **event, **more}


def wide(live: Live, standing: Standing) -> list[str]:
    with live.console.capture() as captured:
        live.console.print(live.render(standing))
    return re.sub(r"\x1b\[[0-9;]*m", "", captured.get()).splitlines()


def make_live(ticks: Clock, height: int = 24, width: int = 80) -> tuple[Live, io.StringIO]:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=width, height=height)
    return Live(stream, ticks, console), stream


def test_planned_runs_follow_what_is_known(tmp_path: Path, ticks: Clock) -> None:
    study = load(tmp_path)
    cells = fakes(study)
    standing = Standing(study, cells, Fleet(2), ticks)
    assert standing.planned == 2 * (4 + 6 + 5)
    one = standing.cells["full width=8"]
    for status in ("finished", "finished", "pruned", "diverged"):
        standing.take(ended("full width=8", status=status), True)
    cells["full width=8"].phase = "choose"
    assert one.planned == {"search": 4, "choose": 6, "confirm": 5}
    cells["full width=8"].to_confirm = 2
    assert one.planned["confirm"] == 10
    cells["full width=8"].phase = "without pick"
    assert one.planned == {"search": 4, "choose": 0, "confirm": 0}


def test_an_exhausted_search_plans_what_it_asked(tmp_path: Path, ticks: Clock) -> None:
    study = load(tmp_path, "search.trials=50")
    cells = fakes(study)
    standing = Standing(study, cells, Fleet(2), ticks)
    cells["full width=8"].exhausted, cells["full width=8"].trials = "space exhausted: ...", 12
    assert standing.cells["full width=8"].planned["search"] == 12


def test_a_budget_plans_the_trials_that_it_holds(tmp_path: Path, ticks: Clock) -> None:
    study = load(tmp_path, "search.trials=50", "search.budget.epochs=30")
    cells = fakes(study)
    standing = Standing(study, cells, Fleet(2), ticks, typical(study))
    one = standing.cells["full width=8"]
    assert one.planned["search"] == 6
    for epochs in (4, 2, 2, 4):
        standing.take(ended("full width=8", epochs=epochs), True)
    assert one.planned["search"] == 10


@pytest.mark.parametrize(
    "edits",
    [
        ["search.trials=4"],
        ["search={budget: {epochs: 33}}"],
        ["search={budget: {minutes: 0.01}}"],
        ["search={driver: keras_tuner, oracle: hyperband, budget: {epochs: 60}}"],
    ],
)
def test_the_bill_the_head_line_and_the_table_tell_the_same_runs(
    edits: list[str], tmp_path: Path, ticks: Clock
) -> None:
    study = load(tmp_path, *edits)
    told = bill.bill(study, data.sizes(study.data), Fleet(2))
    standing = Standing(study, fakes(study), Fleet(2), ticks, typical(study))
    assert standing.planned == told.runs
    stream = io.StringIO()
    Plain(stream, ticks, typical(study)).started(study, fakes(study), Fleet(2))
    most = "about" if told.budgeted else "at most"
    assert f", {most} {told.runs} runs, " in stream.getvalue()
    # not the thousand trials of which nobody wrote
    assert told.runs < 500


def test_a_cell_without_search_is_only_confirmed(tmp_path: Path, ticks: Clock) -> None:
    study = load(tmp_path, "arms={frozen: {train: none, training: {learning_rate: 1}}}")
    cells = {name: FakeCell(one.cell, "confirm") for name, one in fakes(study).items()}
    assert Standing(study, cells, Fleet(2), ticks).planned == 5


def test_the_best_score_is_of_the_search_and_in_the_metrics_direction(
    tmp_path: Path, ticks: Clock
) -> None:
    for metric, best in (("accuracy", 0.9), ("loss", 0.2)):
        study = load(tmp_path, f"score.metric={metric}")
        standing = Standing(study, fakes(study), Fleet(1), ticks)
        for score, status in ((0.2, "finished"), (0.9, "finished"), (0.99, "pruned")):
            cell = standing.take(ended("full width=8", score=score, status=status), True)
        # one lucky seed of a candidate is no score of it
        for phase in ("choose", "confirm"):
            for score in (0.1, 1.0):
                standing.take(ended("full width=8", phase, score=score), True)
        assert cell.best == best


def test_time_left_comes_from_trained_epochs_alone(tmp_path: Path, ticks: Clock) -> None:
    study = load(tmp_path)
    standing = Standing(study, fakes(study), Fleet(1), ticks)
    for _ in range(4):
        standing.take(ended("full width=8"), False)
    assert standing.left is None and standing.rate is None and standing.reused == 4
    ticks.now = 10.0
    for _ in range(4):
        standing.take(ended("bn_only width=8"), True)
    # 20 epochs took 10 s; 22 runs of 5 epochs are left
    assert standing.left == pytest.approx(22 * 5 * 10 / 20)
    assert standing.rate == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("fleet", "seconds", "since"),
    [
        (Fleet(1), {"total": 3.0, "compile": 1.0}, 8),
        # a share of what a pack of four took, and what cannot be
        (Fleet(1, ("0",), lanes=4), {"total": 1.75, "compile": 1.0}, 7),
        (Fleet(1), {"total": 30.0}, 0),
        # the eight trials that are in flight do not fill its pack
        (Fleet(1, ("0",), lanes=64), {"total": 1.25, "compile": 1.0}, 8),
    ],
)
def test_time_left_leaves_the_start_up_out(
    fleet: Fleet, seconds: dict[str, float], since: float, tmp_path: Path, ticks: Clock
) -> None:
    study = load(tmp_path)
    standing = Standing(study, fakes(study), fleet, ticks)
    for now in (10.0, 11.0, 12.0):
        ticks.now = now
        standing.take(ended("full width=8", seconds=seconds), True)
    # 15 epochs were trained, and each run left has 5
    runs = standing.planned - standing.done
    assert standing.left == pytest.approx(runs * 5 * (12 - since) / 15)


def test_a_pack_holds_no_more_than_its_record_says(tmp_path: Path, ticks: Clock) -> None:
    study = load(tmp_path)
    fleet = Fleet(1, ("0",), lanes=64, fitted=True)
    standing = Standing(study, fakes(study), fleet, ticks)
    # what is trained by itself beside packs, and what a worker lost tells nothing
    for now, told in (
        (9.0, {"seconds": {"compile": 1.0}}),
        (10.0, {"seconds": {"total": 3.0, "compile": 1.0}, "numerics": {"lanes": 1}}),
        (12.0, {"seconds": {"total": 9.0}, "numerics": {"lanes": 64}}),
    ):
        ticks.now = now
        standing.take(ended("full width=8", **told), True)
    runs = standing.planned - standing.done
    assert standing.left == pytest.approx(runs * 5 * (12 - 8) / 15)


def test_confirm_runs_of_a_pack_are_those_that_are_left(tmp_path: Path, ticks: Clock) -> None:
    study = load(tmp_path, "arms={full: {train: all}}")
    cells = fakes(study)
    standing = Standing(study, cells, Fleet(1, ("0",), lanes=64), ticks)
    cells["full width=8"].phase = "confirm"
    standing.take(ended("full width=8", "confirm"), False)
    for now in (10.0, 11.0, 12.0):
        ticks.now = now
        seconds = {"total": 2.0, "compile": 1.0}
        standing.take(ended("full width=8", "confirm", seconds=seconds), True)
    # four of five were left to train side by side, each with a second of its own
    assert standing.left == pytest.approx(5 * (12 - 6) / 15)


@pytest.mark.parametrize("kind", [Plain, Live])
def test_what_is_doubtful_is_told_before_anything_starts(kind: type[Plain | Live]) -> None:
    stream = io.StringIO()
    with kind(stream) as progress:
        progress.doubted("own.yaml:4:3: model.hp.poling is given")
    assert stream.getvalue() == "doubtful: own.yaml:4:3: model.hp.poling is given\n"


def test_a_promoted_run_counts_its_further_epochs(tmp_path: Path, ticks: Clock) -> None:
    study = load(tmp_path, "arms={full: {train: all}}")
    standing = Standing(study, fakes(study), Fleet(1), ticks)
    for epochs, trained in ((2, 2), (2, 2), (5, 3)):
        standing.take(ended("full width=8", epochs=epochs, trained_epochs=trained), True)
    ticks.now = 7.0
    # 7 epochs took 7 s; a trial of 7 / 3 epochs and 11 whole runs are left
    assert standing.left == pytest.approx(7 / 3 + 11 * 5)


def test_plain_lines_tell_phases_failures_and_a_heartbeat(tmp_path: Path, ticks: Clock) -> None:
    study, stream = load(tmp_path), io.StringIO()
    cells = fakes(study)
    with Plain(stream, ticks) as plain:
        plain.started(study, cells, Fleet(2))
        for _ in range(2):
            plain.ended(ended("full width=8"), True)
        plain.ended(
            ended(
                "full width=8", status="failed", score=None, reason="KeyError: a (own.py:3)\n\n..."
            ),
            True,
        )
        cells["full width=8"].phase = "choose"
        plain.ended(ended("full width=8"), True)
        for now in (9.0, 10.5, 12.0):
            ticks.now = now
            plain.waiting()
        cells["full width=8"].phase = "confirmed"
        plain.ended(ended("full width=8", "choose"), True)
    said = stream.getvalue().splitlines()
    assert said[0] == "shown: 2 cells, at most 30 runs, 2 workers on JAX"
    assert said[1] == "failed: full width=8, search trial 0: KeyError: a (own.py:3)"
    assert said[2].startswith("full width=8: search done, 4 runs, best validation accuracy 50.0%")
    assert said[2].endswith("1 failed; now choose")
    assert said[3].startswith("4 of 30 runs, ") and "left" in said[3]
    assert said[4] == "full width=8: choose done, 1 run"
    assert len(said) == 5
    assert not any(ord(letter) < 32 for line in said for letter in line)


def test_plain_lines_of_a_finished_study_are_few(tmp_path: Path, ticks: Clock) -> None:
    study, stream = load(tmp_path), io.StringIO()
    cells = fakes(study)
    with Plain(stream, ticks) as plain:
        plain.started(study, cells, Fleet(2))
        for phase in ("search", "choose", "confirm"):
            cells["full width=8"].phase = phase
            plain.ended(ended("full width=8", phase), False)
    assert stream.getvalue().splitlines()[1:] == ["3 finished runs reused from the folder"]


def test_runs_reused_after_a_search_that_went_on_are_told_by_phase(
    tmp_path: Path, ticks: Clock
) -> None:
    study, stream = load(tmp_path), io.StringIO()
    with Plain(stream, ticks) as plain:
        plain.started(study, fakes(study), Fleet(2))
        plain.ended(ended("full width=8"), False)
        plain.ended(ended("full width=8"), True)
        for phase in ("choose", "choose", "confirm"):
            plain.ended(ended("full width=8", phase), False)
        # refused for its size, and so never trained
        plain.ended(ended("full width=8", status="pruned", epochs=0), False)
    said = stream.getvalue().splitlines()
    assert said[1] == "1 finished run reused from the folder"
    assert said[-1] == "4 finished runs reused in all: 1 of search, 2 of choose, 1 of confirm"


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_counts_the_runs_of_the_phase_that_a_cell_is_in(
    tmp_path: Path, ticks: Clock, width: int
) -> None:
    study = load(tmp_path)
    live, _ = make_live(ticks, width=width)
    cells = fakes(study)
    standing = Standing(study, cells, Fleet(2), ticks)

    def row() -> list[str]:
        (line,) = (line for line in wide(live, standing) if line.lstrip().startswith("full "))
        return line.split()[2:4]

    assert row() == ["search", "0/4"]
    for _ in range(4):
        standing.take(ended("full width=8"), True)
    cells["full width=8"].phase = "choose"
    standing.take(ended("full width=8", "choose"), True)
    assert row() == ["choose", "1/6"]
    cells["full width=8"].phase = "confirmed"
    for _ in range(5):
        standing.take(ended("full width=8", "confirm"), True)
    assert row() == ["confirmed", "5/5"]


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("count", [2, 49])
def test_the_table_fits_the_terminal(tmp_path: Path, ticks: Clock, count: int, width: int) -> None:
    sweep = f"model.width={{sweep: [{', '.join(map(str, range(1, count + 1)))}]}}"
    study = load(tmp_path, sweep)
    live, _ = make_live(ticks, width=width)
    standing = Standing(study, fakes(study), Fleet(2), ticks)
    for status in ("pruned", "diverged", "failed"):
        standing.take(ended(f"bn_only width={count}", status=status), True)
    said = wide(live, standing)
    assert len(said) <= 24 and max(map(len, said)) <= width
    text = "\n".join(said)
    # the cell that moved last is among those shown, and the whole is summed up
    assert f"bn_only width={count} " in text
    assert "1 failed, 1 diverged, 1 pruned" in text
    assert ("98 in search; of these:" in text) == (count == 49)


def test_the_shown_cells_of_a_large_study_stay_for_a_while(tmp_path: Path, ticks: Clock) -> None:
    study = load(tmp_path, f"model.width={{sweep: {list(range(1, 50))}}}")
    live, _ = make_live(ticks)
    standing = Standing(study, fakes(study), Fleet(2), ticks)
    before = wide(live, standing)
    ticks.now = 1.0
    standing.take(ended("bn_only width=49"), True)
    assert [line[:20] for line in wide(live, standing)[2:-1]] == [
        line[:20] for line in before[2:-1]
    ]
    ticks.now = 6.0
    assert "bn_only width=49" in "\n".join(wide(live, standing))


def test_the_live_table_redraws_calmly_and_leaves_the_cursor(tmp_path: Path, ticks: Clock) -> None:
    study = load(tmp_path)
    live, stream = make_live(ticks)
    with live:
        live.started(study, fakes(study), Fleet(2))
        once = stream.getvalue().count("best val")
        for _ in range(50):
            live.ended(ended("full width=8"), True)
        assert stream.getvalue().count("best val") == once
        ticks.now = 1.0
        live.waiting()
        assert stream.getvalue().count("best val") == once + 1
        live.ended(ended("full width=8", status="failed", reason="KeyError: 'x'"), True)
    assert stream.getvalue().rstrip().endswith("\x1b[?25h")
    assert "failed: full width=8, search trial 0: KeyError: 'x'" in stream.getvalue()


def test_names_are_never_markup(tmp_path: Path, ticks: Clock) -> None:
    study = load(tmp_path)
    cells: Mapping[str, FakeCell] = {"a [bold]b[/bold] c": FakeCell(study.cells[0])}
    live, _ = make_live(ticks)
    assert "a [bold]b[/bold] c" in "\n".join(wide(live, Standing(study, cells, Fleet(1), ticks)))


def test_off_a_terminal_progress_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    class Tty(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(terminal.progress(io.StringIO()), Plain)
    assert isinstance(terminal.progress(Tty()), Live)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(terminal.progress(Tty()), Plain)


def test_words() -> None:
    assert [clock(s) for s in (7, 754, 3723)] == ["0:07", "12:34", "1:02:03"]
    assert [rate(r) for r in (4.21, 0.2)] == ["4.2 runs/s", "12 runs/min"]


def test_lists_tell_every_setting_and_no_python() -> None:
    said = {kind: listing.listing(kind) for kind in LISTS}
    names = {line.split()[0] for lines in said.values() for line in lines[1:]}
    assert {"per_unit", "at_fan_in", "max_trained", "budget.minutes", "choose.top"} <= names
    assert {"score.at", "confirm.seeds", "engine.lanes", "data.split_seed"} <= names
    for lines in said.values():
        assert not any("None" in line or "True" in line or "(0." in line for line in lines)
        # every setting says what it is
        assert not any(re.search(r"^ +\S+ +(\(|; default)", line) for line in lines)


def test_lists_tell_when_a_setting_and_its_default_hold() -> None:
    said = {
        line.split()[0]: line for kind in ("training", "study") for line in listing.listing(kind)
    }
    assert said["augment.crop"].endswith(
        "; default 4 with `augment: 'on'`, to be given in `augment: {flip: true, crop: 4}`"
    )
    assert "with `schedule: step`, to be given in" in said["schedule.at"]
    assert said["schedule.factor"].endswith("default 0.1")
    assert said["beta_1"].endswith("default 0.9; where optimizer is adam or adamw")
    assert said["data.test"].endswith("without one must give it; default 0.2")


@pytest.mark.parametrize("kind", ["data", "models", "subsets", "samplers", "pruners"])
def test_lists_fit_and_name_every_entry(kind: str) -> None:
    registries = {
        "data": REGISTRIES.datasets,
        "models": REGISTRIES.hypermodels,
        "subsets": REGISTRIES.subsets,
        "samplers": REGISTRIES.drivers["optuna"].samplers,
        "pruners": REGISTRIES.drivers["optuna"].pruners,
    }
    said = listing.listing(kind, 80)
    assert max(map(len, said)) <= 80
    assert set(registries[kind]) <= {line.split()[0] for line in said if line.strip()}


def test_the_outcome_ranks_picks_and_gives_the_verdicts(tmp_path: Path) -> None:
    synthetic.write(tmp_path, Options(depths=(1,), trials=4, epochs=4, arrays=False))
    said = terminal.outcome(claims(tmp_path), 80)
    picks = [line for line in said[1 : said.index("Verdicts")] if not line.startswith(" ")]
    assert [line.split()[0] for line in picks[:-1]] == ["full", "bn_only", "random"]
    assert "learning_rate" in said[1] and max(map(len, said)) <= 80
    assert "Verdicts" in said
    verdicts = [line for line in said if line.startswith("- ")]
    assert len(verdicts) == 2 and "bn_only" in verdicts[0] and "Missing" not in said
    assert len(terminal.outcome(claims(tmp_path))) < len(said)


def test_what_qualifies_every_verdict_is_told_once(tmp_path: Path) -> None:
    synthetic.write(tmp_path, Options(depths=(1, 3), trials=4, epochs=4, arrays=False, confirm=3))
    known = claims(tmp_path)
    said = terminal.outcome(known, 80)
    head = said.index("Verdicts")
    assert said[head + 1].startswith("  in doubt of all: ")
    assert "  noted of all: same network (mlp, width 128)." in said
    text = " ".join(" ".join(said).split())
    few = "too few seeds for the sign-flip test (3; at least 6 are needed for p < 0.05)"
    for words in (few, "same network (mlp, width 128)"):
        assert all(words in str(verdict) for verdict in known.verdicts) and text.count(words) == 1
    # what is of one verdict alone stands below it
    alone = {doubt for verdict in known.verdicts for doubt in verdict.doubts if "batch" in doubt}
    assert alone and all(doubt in text for doubt in alone)


def test_lines_break_between_words_and_off_no_unit(tmp_path: Path) -> None:
    synthetic.write(tmp_path, Options(depths=(1,), trials=4, epochs=4, arrays=False))
    known = claims(tmp_path)
    for width in range(60, 90):
        for line in terminal.outcome(known, width):
            assert not re.search(r"(sign-|-flip| n| p| =)$", line)
            assert not line.lstrip().startswith(("points", "=")) and "\u00a0" not in line


def test_a_narrow_window_cuts_no_setting_off(tmp_path: Path) -> None:
    arm = "an_arm_whose_name_is_long"
    options = Options(depths=(1,), arms=(arm,), contrasts=(), trials=4, epochs=4, arrays=False)
    synthetic.write(tmp_path, options)
    wide = terminal.outcome(claims(tmp_path))
    for width in (80, 60):
        said = terminal.outcome(claims(tmp_path), width)
        assert max(map(len, said)) <= width
        assert " ".join(" ".join(said).split()) == " ".join(" ".join(wide).split())


def test_the_outcome_of_an_unfinished_study_says_what_is_missing(tmp_path: Path) -> None:
    options = Options(depths=(1,), trials=4, epochs=4, arrays=False, stop_after="search")
    synthetic.write(tmp_path, options)
    said = terminal.outcome(claims(tmp_path))
    assert said[said.index("Missing") + 1].startswith("- full")


def test_a_long_outcome_is_cut(tmp_path: Path) -> None:
    depths = tuple(range(1, 9))
    synthetic.write(tmp_path, Options(depths=depths, trials=2, epochs=2, arrays=False, confirm=2))
    said = terminal.outcome(claims(tmp_path))
    assert said[13] == "and 12 more, in the report"
    assert said[-1] == "and 4 more, in the report"


def test_what_stands_above_a_study_is_said_when_it_starts(tmp_path: Path, ticks: Clock) -> None:
    study, told = load(tmp_path), io.StringIO()
    console = Console(file=told, force_terminal=True, width=80, height=24)
    for shown in (
        Plain(told, ticks, head=["Parameters  trained", ""]),
        Live(told, ticks, console, head=["Parameters  trained", ""]),
    ):
        with shown:
            shown.doubted("it may be right")
            assert "Parameters" not in told.getvalue()
            shown.started(study, fakes(study), Fleet(2))
            before, _, after = told.getvalue().partition("Parameters  trained\n\n")
            assert "it may be right" in before and "shown: " in after
        told.truncate(0)
