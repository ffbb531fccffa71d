"""Every study of `studies/` asks a question, and its quick variant runs from end to end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import hpstudy
from hpstudy import controls, data, report, spec, study
from hpstudy.errors import MissingPackage
from tests import cifar

FOLDER = Path(__file__).parents[1] / "studies"
STUDIES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
# others run studies much like these
SLOW = {
    "batch_size_resnet20",
    "fashion_mlp",
    "mlp_bn",
    "mlp_space",
    "own_hypermodel",
    "paper_wrn_width",
    "pareto",
}


def run(quick: Any, folder: Path, cache: Path) -> Any:
    """The runs of a study that ends with a score in every cell, and has a report."""
    assert study.run(quick, folder, workers=1, cache=cache).complete
    report.write(folder)
    runs = hpstudy.load(folder).runs
    confirmed = runs[runs["phase"] == "confirm"]
    assert confirmed[f"test_{quick.score.metric}"].notna().all()
    return confirmed


def load(name: str, variant: str | None = "quick", *edits: str) -> Any:
    return spec.load(FOLDER / f"{name}.yaml", study.REGISTRIES, variant=variant, edits=edits)


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
    try:
        confirmed = run(load(name), tmp_path / name, cache)
    except MissingPackage as error:
        pytest.skip(str(error))
    assert set(confirmed["arm"]) == set(load(name, None).arms)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["paper_resnet_depth", "paper_wrn_width", "batch_size_resnet20"])
def test_a_residual_network_trains_on_pictures_of_cifar(
    name: str, cache: Path, tmp_path: Path
) -> None:
    pictures = cifar.subset()
    few = {key: values[:1024] for key, values in pictures.items()}
    arrays = {key.removesuffix("_train"): values for key, values in few.items()}
    np.savez(tmp_path / "few.npz", allow_pickle=False, **arrays)
    quick = load(name, "quick", "data.name=file", f"data.path={tmp_path / 'few.npz'}")
    assert len(run(quick, tmp_path / name, cache)) == 8


@pytest.mark.parametrize("name", STUDIES)
def test_every_variant_of_it_loads(name: str) -> None:
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    variants = yaml.safe_load(text)["variants"]
    assert "quick" in variants
    for variant in (None, *variants):
        one = load(name, variant)
        assert one.cells and not one.cautions
        assert not controls.doubts(one, data.sizes(one.data))
