"""A hypermodel none of whose runs has a score may be mended in its study's folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hpstudy import data, spec, study
from hpstudy.analysis.origin import origin
from hpstudy.analysis.record import read
from hpstudy.analysis.results import load as load_results
from hpstudy.bench.atonce import AtOnce
from hpstudy.bench.madeup import EPOCHS, Plain, curves, record
from hpstudy.coordinator import Coordinator
from hpstudy.engine import protocol
from hpstudy.engine.executor import Done, Probed
from hpstudy.engine.job import Job, Probe
from hpstudy.errors import StudyChanged
from hpstudy.spec.foreign import CODE
from hpstudy.spec.study import Spec
from hpstudy.store import Event, Store
from hpstudy.study import Silent

COUNTS = {"trained": 10, "frozen": 0, "total": 10}
REASON = "ValueError: no such layer"


class Raising(Plain):
    """Every training raises."""

    def end(self, job: Job, rungs: Mapping[int, float], pruned: bool) -> Done:
        return Done(job.run, {**record(job, "failed", None, 0, {}), "reason": REASON}, b"", b"")


class Diverging(Plain):
    """Every training diverges, later than others end."""

    def end(self, job: Job, rungs: Mapping[int, float], pruned: bool) -> Done:
        return Done(job.run, record(job, "diverged", None, 30, {}), curves(0.5, 30), b"")


ENDINGS = {"build": Plain, "training": Raising, "loss": Diverging, "": Plain}


class Workers(AtOnce):
    """Workers that ask nothing, and where `fails` says so come to no score."""

    def __init__(self, fails: str) -> None:
        super().__init__(ENDINGS[fails]())
        self._reason = REASON if fails == "build" else None
        self._probed: list[Probe] = []

    def probe(self, probe: Probe) -> None:
        self._probed.append(probe)

    def wait(self, timeout: float | None = None) -> list[Any]:
        if not self._probed:
            return super().wait(timeout)
        found = {"training": {}, "counts": COUNTS, "collisions": [], "reason": self._reason}
        return [Probed(self._probed.pop(0).run, found)]


@dataclass
class Played:
    """A study of a hypermodel in a folder, whose source can be edited."""

    load: Callable[..., Spec]
    split: data.Split
    folder: Path
    patch: pytest.MonkeyPatch
    searched: bool = True

    @property
    def source(self) -> Path:
        return Path(self.load("asks_nothing").path).with_name("contract_models.py")

    def edit(self, old: str, new: str) -> None:
        self.source.write_text(self.source.read_text().replace(old, new))

    def study(self) -> Spec:
        one = self.load("asks_nothing", trials=2)
        if self.searched:
            return one
        path = Path(one.path)
        path.write_text(re.sub(r"^search: .*$", "search: none", path.read_text(), flags=re.M))
        return spec.load(path, study.REGISTRIES)

    def run(self, fails: str = "") -> list[Event]:
        """The runs that stand once the study has been run with the source as it is."""
        one = self.study()
        self.patch.setattr("hpstudy.coordinator.LocalExecutor", lambda *_: Workers(fails))
        Coordinator(one, self.split, Store(self.folder), Silent()).run(1, self.folder / "cache")
        found = read(Store(self.folder))
        assert found is not None
        return [run for run in found.runs if not found.superseded(run)]


@pytest.fixture
def played(
    load: Callable[..., Spec], digits: data.Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Played:
    return Played(load, digits, tmp_path / "study", monkeypatch)


@pytest.mark.parametrize("fails", ["build", "training"])
@pytest.mark.parametrize("searched", [True, False])
def test_what_failed_is_tried_again_with_the_mended_source(
    fails: str, searched: bool, played: Played
) -> None:
    played.searched = searched
    failed = played.run(fails)
    assert {run["status"] for run in failed} == {"failed"}
    assert played.run(fails) == failed

    played.edit('name="out"', 'name="mended"')
    mended = played.run()
    assert {run["status"] for run in mended} == {"finished"}
    store = Store(played.folder)
    (code,) = {run["config"][CODE] for run in mended}
    assert code not in {run["config"][CODE] for run in failed}
    found = read(store)
    assert found is not None
    (cell,), (restart,) = found.cells, found.restarts
    assert (cell.generation, cell.settings[CODE]) == (2, code)
    assert restart["reason"] == "contract_models.py changed, and no run before had a score"
    assert all(map(found.superseded, failed))
    # nobody has looked at a test score of what failed
    assert {look["look"] for look in cell.looks} == {1}

    # the report's source is what the runs that stand had, and it is no other's
    assert (played.folder / "source" / "contract_models.py").read_text() == (
        played.source.read_text()
    )
    assert origin(mended[0], found.study, store).doubt is None
    doubt = origin(failed[0], found.study, store).doubt
    assert doubt is not None and "contract_models.py changed since run" in doubt


def test_a_source_that_has_a_score_stays(played: Played) -> None:
    played.run("build")
    played.edit('name="out"', 'name="mended"')
    played.run()
    played.edit('name="mended"', 'name="other"')
    with pytest.raises(StudyChanged, match=r"model\.code: contract_models\.py changed"):
        played.run()
    # the source that failed before has none, and the study has moved on from it
    played.edit('name="other"', 'name="out"')
    with pytest.raises(StudyChanged, match=r"model\.code: contract_models\.py changed"):
        played.run()


def test_one_run_with_a_score_is_enough(played: Played) -> None:
    failed = played.run("training")
    scored = {**failed[0], "status": "pruned", "score": 0.1}
    Store(played.folder).append(scored)
    played.edit('name="out"', 'name="mended"')
    with pytest.raises(StudyChanged, match=r"model\.code: contract_models\.py changed"):
        played.run()


def test_what_diverged_is_no_result_of_the_mended_source(played: Played) -> None:
    diverged = played.run("loss")
    assert {run["status"] for run in diverged} == {"diverged"}
    played.edit('name="out"', 'name="mended"')
    mended = played.run()
    assert {run["status"] for run in mended} == {"finished"}
    # they share their names, and nothing else
    for run in mended:
        assert len(Store(played.folder).curves(run["run"])["epoch"]) == EPOCHS


def test_a_mended_run_is_given_back_from_its_own_source(played: Played) -> None:
    played.searched = False
    failed = played.run("training")
    played.edit('name="out"', 'name="mended"')
    mended = played.run()
    assert {run["run"] for run in mended} == {run["run"] for run in failed}
    finals = {"kernel": np.ones((64, 10), "float32"), "bias": np.ones(10, "float32")}
    arrays = {f"final/mended/{name}": value for name, value in finals.items()}
    arrays["test_outputs"] = np.zeros((1, 10), "float32")
    Store(played.folder).write_bytes(f"arrays/{mended[0]['run']}.npz", protocol.pack(arrays))
    # without a word of the source that failed
    model = load_results(played.folder).model(mended[0]["run"])
    assert model.get_layer("mended").built
