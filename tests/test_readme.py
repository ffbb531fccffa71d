"""The commands, study files and links of the README and its companions are what there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from sklearn.datasets import load_digits

from hpstudy import cli, data, extremes, spec
from hpstudy.arguments import parsed, parsers
from hpstudy.bench.command import BENCHES
from hpstudy.bench.studies import STUDIES
from hpstudy.study import REGISTRIES

ROOT = Path(__file__).parents[1]
PAGES = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in (
        "README.md",
        "CONTRIBUTING.md",
        "studies/README.md",
        "reports/README.md",
        "hpstudy/bench/README.md",
    )
}
README, WRITING = PAGES["README.md"], PAGES["studies/README.md"]


def test_its_study_file_is_the_one_that_its_command_runs() -> None:
    block = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)[0]
    assert block == (ROOT / "studies" / "mlp_bn.yaml").read_text(encoding="utf-8")


def test_its_change_of_the_study_file_asks_as_many_of_both_controls(tmp_path: Path) -> None:
    first, change = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    load_digits(as_frame=True).frame.rename(columns={"target": "kind"}).to_csv(
        tmp_path / "cells.csv", index=False
    )
    path = tmp_path / "cells.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(first), **yaml.safe_load(change)}))
    study = spec.load(path, REGISTRIES)
    found = extremes.check(study, data.sizes(study.data))
    counts = {one.cell.arm: one.largest.trained for one in found if one.largest}
    assert counts["bn_out"] == counts["random"] < counts["full"]


def test_its_python_runs(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (tmp_path / "studies").symlink_to(ROOT / "studies")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HPSTUDY_CACHE", str(cache))
    found: dict[str, Any] = {}
    exec(block, found)
    assert found["outputs"].shape == (1000, 10)
    assert (tmp_path / "reports" / "mlp_bn-quick" / "runs.jsonl").exists()


def test_its_hypermodel_loads_in_the_study_that_it_names(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", WRITING, re.DOTALL)
    studies = ROOT / "studies"
    text = (studies / "own_hypermodel.yaml").read_text()
    rest = re.sub(r"^(model|arms):\n(?:  .*\n)+", "", text, flags=re.MULTILINE)
    (tmp_path / "own_hypermodel.py").write_text((studies / "own_hypermodel.py").read_text())
    path = tmp_path / "own_hypermodel.yaml"
    path.write_text(rest + block)
    study = spec.load(path, REGISTRIES)
    assert [cell.name for cell in study.cells] == ["as_built", "bn_only"]


def test_the_table_of_studies_is_whole() -> None:
    (table,) = re.findall(r"\| file \|.*?\n\n", WRITING, re.DOTALL)
    cells = [line.split("|")[1] for line in table.strip().splitlines()]
    named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    studies = ROOT / "studies"
    assert named == {path.stem for path in studies.glob("*.yaml")}


def test_the_table_of_benchmarks_is_whole() -> None:
    (table,) = re.findall(r"\| `bench` \|.*?\n\n", PAGES["hpstudy/bench/README.md"], re.DOTALL)
    named = {name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line)}
    assert {*named, *STUDIES} == {*BENCHES}


def test_every_command_that_it_shows_exists() -> None:
    shown = {shlex.split(line)[0] for line in re.findall(r"python -m hpstudy (.+)", README)}
    assert shown == {"run", "validate", "report", "dashboard", "list", "bench"}
    for command in shown:
        with pytest.raises(SystemExit) as stop:
            cli.main([command, "--help"])
        assert stop.value.code == 0


@pytest.mark.parametrize("name", sorted({*PAGES} - {"CONTRIBUTING.md"}))
def test_every_command_and_option_in_its_text_is_taken(name: str) -> None:
    """An option that stands by itself is one of `bench` on its page, and of `run` on the others."""
    alone = "bench" if "bench" in name else "run FILE"
    text = re.sub(r"```.*?```", "", PAGES[name], flags=re.DOTALL)
    spans = re.findall(r"`(python -m hpstudy [^`]+|bench [^`]+|--[^`]+)`", text)
    assert spans
    for span in spans:
        words = span.removeprefix("python -m hpstudy ").split()
        if len(words) == 1 and not span.startswith("--"):
            assert words[0] in parsers()[1]
            continue
        args = parsed([*(alone.split() if span.startswith("--") else ()), *words])
        if args.command == "bench":
            assert {*args.names} <= {*BENCHES}, span
            assert all({*(args.only or ())} <= {*BENCHES[one].parts} for one in args.names), span


@pytest.mark.parametrize("path", sorted(set(re.findall(r"studies/\w+\.yaml", str(PAGES)))))
def test_every_study_that_they_name_is_there_and_right(path: str) -> None:
    assert spec.load(ROOT / path, REGISTRIES).question


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\((?!http)([^)]+)\)", PAGES[name])
    for path, _, heading in (link.partition("#") for link in links):
        found = (ROOT / name).parent / path
        assert found.exists(), path
        if heading:
            titles = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {title.lower().replace(" ", "-") for title in titles}
