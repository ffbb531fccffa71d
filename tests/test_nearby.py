"""Who names a folder without a study is told of studies that may be meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpstudy import cli
from hpstudy.search import dashboard
from hpstudy.store import Store
from tests.analysis import synthetic
from tests.analysis.synthetic import Options


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("fraction", "mlp_bn-quick", "mlp_bn-wide-quick", "pareto"):
        Store(tmp_path / "reports" / name).append({"event": "study"})
    (tmp_path / "reports" / "mlp_bn").mkdir()
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "fraction.yaml").write_text("name: fraction\n")
    return tmp_path


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            "mlp_bn",
            "there is no folder mlp_bn; did you mean reports/mlp_bn-quick or "
            "reports/mlp_bn-wide-quick?",
        ),
        (
            "reports/mlp_bn",
            "reports/mlp_bn holds no study: no runs.jsonl in it tells of one; did you mean "
            "reports/mlp_bn-quick or reports/mlp_bn-wide-quick?",
        ),
        (
            "studies/fraction.yaml",
            "studies/fraction.yaml is a file, not a study's folder; did you mean reports/fraction?",
        ),
        ("reports/parteo", "there is no folder reports/parteo; did you mean reports/pareto?"),
        (
            "reports",
            "reports holds no study: no runs.jsonl in it tells of one; studies are in "
            "reports/fraction, reports/mlp_bn-quick, reports/mlp_bn-wide-quick and 1 more",
        ),
    ],
)
@pytest.mark.parametrize("command", ["report", "dashboard"])
def test_the_likeliest_studies_are_named(
    command: str, given: str, told: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([command, given]) == 2
    assert capsys.readouterr().err == f"{told}\n"


@pytest.mark.parametrize("beside", [False, True])
def test_a_study_is_taken_by_its_name(
    beside: bool, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # of the name of what a folder may well hold, too
    synthetic.write(here / "reports" / "csv", Options(depths=(1,), trials=4, confirm=2))
    if beside:
        (here / "csv").mkdir()
    assert cli.main(["report", "csv"]) == 0
    assert (here / "reports" / "csv" / "report.html").exists()
    served: list[Path] = []
    monkeypatch.setattr(dashboard, "serve", lambda folder, port: served.append(folder))
    assert cli.main(["dashboard", "csv"]) == 0
    assert served == [Path("reports/csv")]
    # what a study's own folder is called comes first
    Store(here / "csv").append({"event": "study"})
    assert cli.main(["dashboard", "csv"]) == 0
    assert served[1:] == [Path("csv")]


def test_what_may_not_be_read_is_no_study(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def exists(store: Store) -> bool:
        if store.folder.parent.name == "reports":
            raise PermissionError(store.folder)
        return False

    monkeypatch.setattr(Store, "exists", property(exists))
    assert cli.main(["dashboard", "fraction"]) == 2
    assert capsys.readouterr().err == "there is no folder fraction\n"


def test_where_there_are_none_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["report", "mlp_bn"]) == 2
    assert capsys.readouterr().err == "there is no folder mlp_bn\n"
