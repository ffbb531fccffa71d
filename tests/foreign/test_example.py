"""The example study of somebody's hypermodel: its report, its models, and copies of its code."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import hpstudy
from hpstudy import analysis, data, report, spec, study
from hpstudy.analysis.results import Results
from hpstudy.errors import SpecError, StoreError
from hpstudy.spec.study import Spec

STUDIES = Path(__file__).parents[2] / "studies"
NAME = "own_hypermodel"


@dataclass(frozen=True)
class Ran:
    """The study as it ran, with its code in a package of its own beside the study file."""

    spec: Spec
    beside: Path
    folder: Path
    doubts: tuple[str, ...]

    @property
    def results(self) -> Results:
        return hpstudy.load(self.folder)

    @property
    def run(self) -> str:
        runs = self.results.runs
        return str(runs[runs["phase"] == "confirm"]["run"].iloc[0])

    def right(self) -> bool:
        """Whether the first confirmed run's model predicts what its run was scored on."""
        model = self.results.model(self.run)
        outputs = model.predict(data.load(self.spec.data).x_test, verbose=0)
        stored = self.results.arrays(self.run)["test_outputs"]
        return np.allclose(np.log(np.clip(outputs, 1e-7, 1 - 1e-7)), stored, atol=1e-3)


class Doubting(study.Silent):
    """Keeps what is doubtful."""

    def __init__(self) -> None:
        self.doubts: list[str] = []

    def doubted(self, words: str) -> None:
        self.doubts.append(words)


@pytest.fixture(scope="module")
def ran(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Run once, and moved afterwards as a whole."""
    place = tmp_path_factory.mktemp("moved") / "was"
    package = place / "files" / "nets"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from .words import __doc__\n")
    (package / "words.py").write_text('"""Nothing that any digest knows of."""\n')
    shutil.copy(STUDIES / f"{NAME}.py", package)
    text = (STUDIES / f"{NAME}.yaml").read_text()
    assert f"hypermodel: {NAME}:" in text
    path = place / "files" / f"{NAME}.yaml"
    path.write_text(text.replace(f": {NAME}:", f": nets.{NAME}:"))
    one = spec.load(path, study.REGISTRIES, variant="quick")
    told = Doubting()
    where = place / "reports" / one.name
    assert study.run(one, where, workers=1, cache=cache, progress=told).complete
    now = place.rename(place.with_name("now"))
    return Ran(one, now / "files", now / "reports" / one.name, tuple(told.doubts))


@pytest.fixture
def code(ran: Ran) -> Iterator[Path]:
    """The file of the hypermodel, which is given back as it was."""
    path = ran.beside / "nets" / f"{NAME}.py"
    text = path.read_text()
    yield path
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def test_nothing_in_it_is_doubtful(ran: Ran) -> None:
    assert ran.doubts == ran.spec.cautions == ()


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Each test imports anew."""
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "nets"]:
        del sys.modules[name]


def test_it_runs_and_its_report_is_right(ran: Ran) -> None:
    page = report.write(ran.folder, analysis.claims(ran.folder)).read_text()
    results = ran.results
    confirm = results.runs[results.runs["phase"] == "confirm"]
    assert confirm["test_accuracy"].notna().all()
    code = ran.spec.cells[0].settings["model.code"]
    source = f"nets.{NAME}:DigitsNet, code {code}"
    copies = f"source/{code}"
    for words in (source, copies, "source/nets/words.py", "units_0", "learning rate", "batch size"):
        assert words in page
    cells = {cell.name: cell for cell in results.record.cells}
    ranges = {name: cell.settings["model.hp.learning_rate"] for name, cell in cells.items()}
    assert ranges["as_built"]["float"] == [0.001, 1.0]
    assert ranges["bn_only"]["float"] == [0.01, 1.0]


def test_its_models_are_built_from_beside_the_study_file(ran: Ran) -> None:
    assert ran.right()


def test_a_copy_is_run_in_so_many_words_where_the_code_is_gone(ran: Ran) -> None:
    shutil.move(ran.beside / "nets", ran.beside / "gone")
    try:
        with pytest.warns(UserWarning, match=r"neither beside .* running the copy in .*/source"):
            assert ran.right()
    finally:
        shutil.move(ran.beside / "gone", ran.beside / "nets")
    # nobody is left with modules of the copies, nor the folder with their bytecode
    left = [one for name, one in sys.modules.items() if name.startswith("nets")]
    assert not any(str(ran.folder) in str(module.__file__) for module in left)
    assert not [*(ran.folder / "source").rglob("__pycache__")]


def test_a_change_since_is_told_and_the_copy_taken(ran: Ran, code: Path) -> None:
    code.write_text("raise RuntimeError('another network')\n" + code.read_text())
    with pytest.warns(UserWarning, match=rf"{NAME}\.py changed since .* running the copy in"):
        assert ran.right()


def test_without_code_or_copy_no_model_is_given_back(ran: Ran, code: Path, tmp_path: Path) -> None:
    moved = tmp_path / "alone"
    shutil.copytree(ran.folder, moved)
    shutil.rmtree(moved / "source")
    alone = hpstudy.load(moved)
    with pytest.raises(StoreError, match="neither beside the study file .* has no copy of it"):
        alone.model(ran.run)


def test_a_study_file_beside_copies_alone_says_where_they_are(ran: Ran) -> None:
    with pytest.raises(SpecError, match=rf"source/nets/{NAME}\.py is the copy of a run: put it"):
        spec.load(ran.folder / "study.yaml", study.REGISTRIES, variant="quick")
