"""The README's commands and study file are what the package takes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from hpstudy import cli, spec
from hpstudy.study import REGISTRIES

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_its_study_file_loads(tmp_path: Path) -> None:
    block, _ = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    path = tmp_path / "study.yaml"
    path.write_text(block)
    for variant in (None, "quick"):
        study = spec.load(path, REGISTRIES, variant=variant)
        shipped = Path(__file__).parents[1] / "studies" / "mlp_bn.yaml"
        assert study.cells == spec.load(shipped, REGISTRIES, variant=variant).cells


def test_its_hypermodel_loads_in_the_study_that_it_names(tmp_path: Path) -> None:
    _, block = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    studies = Path(__file__).parents[1] / "studies"
    text = (studies / "own_hypermodel.yaml").read_text()
    rest = re.sub(r"^(model|arms):\n(?:  .*\n)+", "", text, flags=re.MULTILINE)
    (tmp_path / "own_hypermodel.py").write_text((studies / "own_hypermodel.py").read_text())
    path = tmp_path / "own_hypermodel.yaml"
    path.write_text(rest + block)
    study = spec.load(path, REGISTRIES)
    assert [cell.name for cell in study.cells] == ["as_built", "bn_only"]


def test_its_table_of_studies_is_whole() -> None:
    (table,) = re.findall(r"\| file in `studies/` \|.*?\n\n", README, re.DOTALL)
    cells = [line.split("|")[1] for line in table.strip().splitlines()]
    named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    studies = Path(__file__).parents[1] / "studies"
    assert named == {path.stem for path in studies.glob("*.yaml")}


def test_every_command_that_it_shows_exists() -> None:
    shown = {shlex.split(line)[0] for line in re.findall(r"python -m hpstudy (.+)", README)}
    assert shown == {"run", "validate", "report", "dashboard", "list", "bench"}
    for command in shown:
        with pytest.raises(SystemExit) as stop:
            cli.main([command, "--help"])
        assert stop.value.code == 0


@pytest.mark.parametrize("path", sorted(set(re.findall(r"studies/\w+\.yaml", README))))
def test_every_study_that_it_names_is_there_and_right(path: str) -> None:
    found = Path(__file__).parents[1] / path
    assert spec.load(found, REGISTRIES).question
