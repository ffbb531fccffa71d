"""A benchmark that is stopped has kept, and shows, all that was complete."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from hpstudy import cli
from hpstudy.bench import BENCHES, Options, floor, networks, race, run
from hpstudy.bench.command import Bench
from hpstudy.bench.configurations import Configuration
from hpstudy.bench.epochs import Epochs
from hpstudy.bench.laps import Lap
from hpstudy.bench.outcome import Findings
from hpstudy.bench.peers import Peer
from hpstudy.bench.products import Product
from hpstudy.bench.studies import Study
from hpstudy.bench.table import Table
from hpstudy.errors import HpstudyError

RUNS = [{"seconds": {"total": 3.0, "compile": 1.0}, "compilations": 2, "loads": 0}]
PARTS = {"workers": 2, "started": 1.5, "first_ended": 5.0, "last_ended": 5.5, "runs": RUNS}


class Measured:
    """Stands in for all that takes time; the measurement after `most` is interrupted."""

    def __init__(self, most: int) -> None:
        self.left = most

    def _took(self) -> None:
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1

    def lap(self, study: Study, peer: Peer, trials: int, repeat: int, folder: Path) -> Lap:
        self._took()
        return Lap(repeat, peer.name, trials, 6.0, 2.0, (0.5,) * trials, PARTS)

    def peak(self, products: Sequence[Product], folder: Path, alone: bool = False) -> Any:
        self._took()
        return dict.fromkeys(products, 0.5)

    def epochs(
        self, study: Study, chosen: Sequence[Configuration], folder: Path
    ) -> Iterator[tuple[Configuration, Epochs]]:
        for one in chosen:
            self._took()
            yield one, Epochs(1.0, 0.1)


@pytest.fixture
def stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Interrupts a benchmark after a while: what was kept after each part, and what is shown."""

    def until(name: str, most: int, **asked: Any) -> tuple[list[Any], str]:
        measured, path, shown = Measured(most), tmp_path / "bench.json", io.StringIO()
        monkeypatch.setattr(race, "run", measured.lap)
        for module in (floor, networks):
            monkeypatch.setattr(module, "peak", measured.peak)
            monkeypatch.setattr(module, "epochs", measured.epochs)
        kept: list[Any] = []

        def say(line: str) -> None:
            kept.append(json.loads(path.read_text())[name])

        with pytest.raises(KeyboardInterrupt):
            run([name], Options(quick=True, say=say, **asked), shown, path)
        assert list(tmp_path.iterdir()) == ([path] if kept else [])
        assert not kept or json.loads(path.read_text())[name]["complete"] is False
        return kept, shown.getvalue()

    return until


def test_each_lap_of_a_race_is_kept_at_once(stopped: Callable[..., Any]) -> None:
    asked = {"trials": 2, "repeats": 2, "peers": ("optuna-jax", "hpstudy-cold")}
    kept, shown = stopped("small", 3, **asked)
    assert [len(one["laps"]) for one in kept] == [1, 2, 3]
    title, time = (line for line in shown.splitlines() if line.startswith("small: "))
    assert title.startswith("small: 2 trials of 5 epochs on digits; medians of 2; stopped early")
    assert time.startswith("small: where hpstudy's seconds went")
    # the second turn of hpstudy has not come, and its first one counts
    rows = {line.split()[0]: line.split() for line in shown.splitlines() if line}
    assert rows["hpstudy-cold"][2:4] == ["6.0", "3.00"]


def test_a_peer_whose_turn_has_not_come_has_not_failed(stopped: Callable[..., Any]) -> None:
    _, shown = stopped("small", 1, peers=("optuna-jax", "hpstudy-cold"))
    assert "optuna-jax" in shown and "failed" not in shown and "hpstudy-cold" not in shown


def test_floor_takes_one_study_and_keeps_its_parts(stopped: Callable[..., Any]) -> None:
    asked = {"trials": 2, "repeats": 2, "only": ("small",)}
    # products, two narrow networks, cold and warm; and the products of the next repeat
    kept, shown = stopped("floor", 6, **asked)
    (study,) = kept[-1]["studies"]
    assert study["study"]["name"] == "small"
    assert [len(study[part]) for part in ("peaks", "narrow", "laps", "parts")] == [2, 1, 2, 1]
    assert "floor: where the training goes" in shown and "stopped early" in " ".join(shown.split())


def test_growth_takes_one_of_its_parts(stopped: Callable[..., Any]) -> None:
    kept, shown = stopped("growth", 3, only=("networks",))
    assert [len(one["networks"]) for one in kept] == [1, 2]
    assert not kept[-1]["trials"] and "against trials" not in shown
    assert "all, depth 2, width 64" in shown and "stopped early" in " ".join(shown.split())


def test_what_stops_before_anything_is_complete_says_so(stopped: Callable[..., Any]) -> None:
    kept, shown = stopped("small", 0)
    assert not kept and shown == "small: stopped before a table was complete\n"


@pytest.mark.parametrize(
    ("name", "part", "told"),
    [
        ("floor", "smal", "`floor` has no part `smal`; did you mean `small`"),
        ("small", "seed", "`small` has no parts to choose from: .* growth and floor take --only"),
    ],
)
def test_other_parts_than_there_are_are_told(name: str, part: str, told: str) -> None:
    with pytest.raises(HpstudyError, match=told):
        run([name], Options(only=(part,)), io.StringIO())


def test_figures_of_another_day_stay_until_there_are_new_ones(stops_at_once: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(["small"], Options(), io.StringIO(), stops_at_once)
    assert stops_at_once.read_text() == "yesterday's"


def test_tables_are_shown_where_they_cannot_be_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "gone" / "bench.json"
    path.parent.mkdir()

    def bench(options: Options) -> Iterator[Findings]:
        shutil.rmtree(path.parent)
        yield Findings((Table("fast: once", ("name", "s"), (("a", "1.5"),)),))

    monkeypatch.setitem(BENCHES, "small", Bench("", bench))
    shown = io.StringIO()
    with pytest.raises(HpstudyError, match="cannot be written"):
        run(["small"], Options(), shown, path)
    assert "1.5" in shown.getvalue()


@pytest.fixture
def stops_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file that holds something, and a benchmark `small` that ends before it finds anything."""

    def bench(options: Options) -> Iterator[Findings]:
        raise KeyboardInterrupt
        yield

    monkeypatch.setitem(BENCHES, "small", Bench("", bench))
    path = tmp_path / "bench.json"
    path.write_text("yesterday's")
    return path


def test_ctrl_c_ends_the_command_with_its_tables_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def bench(options: Options) -> Iterator[Findings]:
        yield Findings((Table("fast: once", ("name", "s"), (("a", "1.5"),)),), {}, "fast: a, 1.5 s")
        raise KeyboardInterrupt

    monkeypatch.setitem(BENCHES, "small", Bench("", bench))
    assert cli.main(["bench", "small"]) == 130
    shown = capsys.readouterr()
    assert shown.out.startswith("fast: once; stopped early") and "1.5" in shown.out
    assert shown.err == "fast: a, 1.5 s\n"
