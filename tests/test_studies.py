"""Every study of `studies/` asks a question, and its quick variant runs from end to end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import hpstudy
from hpstudy import report, spec, study
from hpstudy.errors import MissingPackage

FOLDER = Path(__file__).parents[1] / "studies"
STUDIES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
# other tests run studies much like these
SLOW = {"fashion_mlp", "mlp_bn", "mlp_space"}


def load(name: str, variant: str | None = "quick", *edits: str) -> Any:
    return spec.load(FOLDER / f"{name}.yaml", study.REGISTRIES, variant=variant, edits=edits)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("name", STUDIES)
def test_its_first_line_asks_its_question(name: str) -> None:
    first = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ") and first.endswith("?")
    assert load(name, None).question == first.removeprefix("# ")


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in STUDIES],
)
def test_its_quick_variant_confirms_a_pick_in_every_cell(
    name: str, cache: Path, tmp_path: Path
) -> None:
    quick = load(name)
    try:
        summary = study.run(quick, tmp_path / name, workers=2, cache=cache)
    except MissingPackage as error:
        pytest.skip(str(error))
    assert summary.complete
    report.write(tmp_path / name)
    runs = hpstudy.load(tmp_path / name).runs
    confirmed = runs[runs["phase"] == "confirm"]
    assert set(confirmed["arm"]) == set(load(name, None).arms)
    assert confirmed[f"test_{quick.score.metric}"].notna().all()
