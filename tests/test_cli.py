"""The commands: exit codes, what stands on which stream, and what is never created or shown."""

from __future__ import annotations

import os
import re
import resource
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpstudy import cli, study
from hpstudy.errors import StudyChanged, WorkerError
from hpstudy.hypermodels import HYPERMODELS
from hpstudy.store import Store
from tests.analysis import synthetic
from tests.analysis.synthetic import Options

STUDY = """\
# Does the command run?
name: commanded
data: {name: digits, validation: 0.2, test: 0.2}
model: {type: mlp, depth: 1, width: 8}
training:
  length: {epochs: 2}
  learning_rate: {float: [0.01, 1], log: true}
arms:
  full: {train: all}
  bn_only: {train: batchnorm}
search: {trials: 4}
confirm: {seeds: 2}
variants: {quick: {confirm: {seeds: 1}}}
"""
COMMANDS = ("run", "validate", "report", "dashboard", "list")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own working folder with the study file in it."""
    (tmp_path / "commanded.yaml").write_text(STUDY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Any]], list[Any]]:
    """Puts a function in the place of `study.run`, and gives the calls that it got."""

    def replace(function: Callable[..., Any]) -> list[Any]:
        calls: list[Any] = []

        def run(spec: Any, folder: Path, **more: Any) -> Any:
            more["sound"]()
            calls.append((spec, folder, more))
            return function()

        monkeypatch.setattr(study, "run", run)
        return calls

    return replace


def summary(failed: int = 0, unpicked: tuple[str, ...] = ()) -> study.Summary:
    return study.Summary({"finished": 3, "failed": failed}, unpicked, 3)


def raising(error: BaseException) -> Callable[..., Any]:
    def run(*given: Any) -> Any:
        raise error

    return run


def spawn(*words: str, **more: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-m", "hpstudy", *words]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    )


def test_help_is_quick_and_light() -> None:
    light = "import sys; sys.argv = ['hpstudy', '--help']\ntry:\n    import hpstudy.__main__ as m\n"
    light += "    m.main()\nexcept SystemExit:\n    pass\n"
    light += (
        "print(*sorted({'numpy', 'keras', 'jax', 'optuna', 'rich', 'yaml'} & set(sys.modules)))"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = subprocess.run([sys.executable, "-c", light], capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert said.stdout.splitlines()[-1] == ""
    # processor time, so that a busy machine does not count
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_shows_an_example_that_parses(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main([command, "--help"])
    assert stop.value.code == 0
    words = " ".join(capsys.readouterr().out.split())
    found = re.search(r"example: python -m hpstudy (.*)$", words)
    assert found is not None
    # the folder and the study file of the example are not here, which is bad input, not bad usage
    assert cli.main(shlex.split(found[1])) == (0 if command == "list" else 2)


def test_every_mistake_is_a_line_on_standard_error_and_nothing_is_created(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = STUDY.replace("digits", "digitz").replace("train: all", "train: al")
    (folder / "wrong.yaml").write_text(wrong)
    assert cli.main(["run", "wrong.yaml"]) == 2
    out, err = capsys.readouterr()
    assert [line.split(" ")[0] for line in err.splitlines()] == [
        "wrong.yaml:3:14:",
        "wrong.yaml:9:17:",
    ]
    assert out == "" and not (folder / "reports").exists()


@pytest.mark.parametrize("command", ["run", "validate"])
def test_a_subset_that_no_network_satisfies_is_bad_input(
    command: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subset = "--set=arms.bn_only={train: random, per_unit: 65}"
    assert cli.main([command, "commanded.yaml", subset]) == 2
    assert re.search(r"^commanded.yaml:10:3: .* fan-in is 64; ", capsys.readouterr().err)
    assert not (folder / "reports").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["run", "gone.yaml"],
        ["run", "commanded.yaml", "--variant", "slow"],
        ["run", "commanded.yaml", "--set", "training.length.epochs=two"],
        ["report", "gone"],
        ["dashboard", "gone"],
    ],
)
def test_other_bad_input(
    words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words) == 2
    err = capsys.readouterr().err
    assert err.strip() and "Traceback" not in err
    assert [path.name for path in folder.iterdir()] == ["commanded.yaml"]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["rum", "commanded.yaml"],
        ["run"],
        ["run", "commanded.yaml", "--workers", "0"],
        ["dashboard", "reports/x", "--port", "http"],
        ["list", "everything"],
    ],
)
def test_bad_usage_exits_with_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(words)
    assert stop.value.code == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("run commanded.yaml --varient quick", "no option --varient; did you mean --variant? allo"),
        ("run --worker=2 commanded.yaml", "no option --worker; did you mean --workers? allowed: -"),
        ("validate commanded.yaml --fresh", "--fresh; allowed: --variant, --set, --help"),
        ("report one two", "one argument too many: two"),
        ("validate one.yaml two.yaml", "one argument too many: two.yaml\n"),
        ("run commanded.yaml quick", "too many: quick; did you mean --variant quick?"),
        ("run commanded.yaml --quick", "no option --quick; did you mean --variant quick? allowed"),
        ("run commanded.yaml --set model.width 4", "one word: --set model.width=4"),
    ],
)
def test_wrong_options_show_the_usage_of_their_command(
    words: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(words.split())
    said = capsys.readouterr().err
    assert stop.value.code == 2 and told in said
    assert said.startswith(f"usage: python -m hpstudy {words.split()[0]} ")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("runn commanded.yaml", "there is no command runn; did you mean run? allowed: run, vali"),
        ("dashbord reports/x", "did you mean dashboard?"),
        ("Validate commanded.yaml", "did you mean validate?"),
        ("tune commanded.yaml", "did you mean run?"),
        ("commanded.yaml --variant quick", "did you mean run commanded.yaml? allowed"),
        ("quux", "there is no command quux; allowed: run, validate, report, dashboard, list, b"),
        ("--variant=quick run commanded.yaml", "--variant comes after its command: run or vali"),
        ("list sampler", "no list of sampler; did you mean samplers? allowed: data, models"),
    ],
)
def test_what_is_no_command_is_told_the_nearest(
    words: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(words.split())
    said = " ".join(capsys.readouterr().err.split())
    assert stop.value.code == 2 and told in said


def test_run_hands_over_what_was_asked(
    runs: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = runs(summary)
    words = "run commanded.yaml --variant quick --set model.width=4 --reports kept --workers 3"
    assert cli.main(words.split()) == 0
    (spec, where, more), out = calls[0], capsys.readouterr().out
    assert where == Path("kept/commanded-quick") and more["workers"] == 3
    assert spec.confirm_seeds == 1 and spec.cells[0].settings["model.width"] == 4
    assert "-m hpstudy dashboard kept/commanded-quick" in out


def test_a_refusal_comes_instead_of_the_counts(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = Options(depths=(1,), trials=2, epochs=2, confirm=1, arrays=False)
    synthetic.write(folder / "reports" / "commanded", options)
    assert cli.main(["run", "commanded.yaml"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("the folder holds results of study ")
    assert cli.main(["run", "commanded.yaml", "--fresh"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.endswith("There is no terminal to ask on; add --yes.\n")


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (summary, 0),
        (lambda: summary(failed=1), 1),
        (lambda: summary(unpicked=("full",)), 1),
        (raising(WorkerError("a worker ended")), 1),
        (raising(StudyChanged("data.name was digits")), 2),
        (raising(KeyboardInterrupt()), 130),
    ],
)
def test_exit_status(runs: Any, end: Callable[[], Any], status: int) -> None:
    runs(end)
    assert cli.main(["run", "commanded.yaml"]) == status


def test_an_interruption_says_how_to_go_on_without_starting_over(
    runs: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs(raising(KeyboardInterrupt()))
    words = ["run", "commanded.yaml", "--set", "model.width=4", "--fresh", "--yes"]
    assert cli.main(words) == 130
    stopped, line = capsys.readouterr().err.splitlines()
    assert stopped == "Stopped." and line.startswith("To go on: ")
    assert line.endswith(" -m hpstudy run commanded.yaml --set model.width=4")


@pytest.mark.parametrize(("again", "before"), [(False, False), (True, False), (True, True)])
def test_an_interruption_ends_with_how_to_go_on(
    again: bool, before: bool, runs: Any, folder: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(folder: Path, claims: object) -> Path:
        if again:
            raise KeyboardInterrupt
        return folder / "report.html"

    store = Store(folder / "reports" / "commanded")
    store.append({"event": "run"})
    if before:
        store.write_text("report.html", "of an earlier stop")
    monkeypatch.setattr("hpstudy.analysis.claims", lambda folder: None)
    monkeypatch.setattr("hpstudy.report.write", write)
    runs(raising(KeyboardInterrupt()))
    # both streams in one, as on a terminal
    monkeypatch.setattr(sys, "stderr", sys.stdout)
    assert cli.main(["run", "commanded.yaml"]) == 130
    said = capfd.readouterr().out.splitlines()
    told = "Earlier report" if again else "Report so far"
    report = [f"{told}: reports/commanded/report.html"] * (before or not again)
    assert said[:-1] == ["Stopped.", *report] and said[-1].startswith("To go on: ")


def test_an_interrupt_before_the_folder_is_moved_leaves_it_and_keeps_fresh(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(folder / "reports" / "commanded")
    store.append({"event": "choice"})
    monkeypatch.setattr(study, "run", lambda *given, **more: raising(KeyboardInterrupt())())
    assert cli.main(["run", "commanded.yaml", "--fresh", "--yes"]) == 130
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(" -m hpstudy run commanded.yaml --fresh --yes")
    assert os.listdir(store.folder) == ["runs.jsonl"]


def test_a_folder_that_cannot_be_made_is_bad_input(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = "commanded.yaml"
    assert cli.main(["run", "commanded.yaml", "--reports", where, "--set", "model.width=4"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("the study's folder commanded.yaml/commanded cannot be written: ")


def test_sigterm_stops_as_ctrl_c_does(runs: Any) -> None:
    def terminated() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
        pytest.fail("went on after SIGTERM")

    before = signal.getsignal(signal.SIGTERM)
    runs(terminated)
    assert cli.main(["run", "commanded.yaml"]) == 130
    assert signal.getsignal(signal.SIGTERM) is before


def test_fresh_asks_on_a_terminal_only(
    runs: Any, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(folder / "reports" / "commanded").append({"event": "choice"})
    calls = runs(summary)
    assert cli.main(["run", "commanded.yaml", "--fresh"]) == 2
    assert "--yes" in capsys.readouterr().err
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: "n")
    assert cli.main(["run", "commanded.yaml", "--fresh"]) == 2
    assert os.listdir("reports") == ["commanded"] and calls == []
    monkeypatch.setattr("builtins.input", lambda question: "y")
    assert cli.main(["run", "commanded.yaml", "--fresh"]) == 0
    assert os.listdir("reports") == ["commanded.old-1"] and len(calls) == 1


def test_fresh_with_yes_or_with_nothing_there_does_not_ask(runs: Any, folder: Path) -> None:
    runs(summary)
    assert cli.main(["run", "commanded.yaml", "--fresh"]) == 0
    Store(folder / "reports" / "commanded").append({"event": "choice"})
    assert cli.main(["run", "commanded.yaml", "--fresh", "--yes"]) == 0
    assert os.listdir("reports") == ["commanded.old-1"]


def test_validate_trains_and_creates_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["validate", "commanded.yaml", "--variant", "quick"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("commanded-quick: Does the command run?")
    assert "Bill: at most 34 runs" in out
    assert [path.name for path in folder.iterdir()] == ["commanded.yaml"]


def test_validate_tells_what_run_refuses_of_data_that_is_not_there(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(folder))
    edit = ("--set", "data={name: cifar10}")
    assert cli.main(["validate", "commanded.yaml", *edit]) == 0
    *_, bill, _, last = capsys.readouterr().out.split("\n\n")
    assert cli.main(["run", "commanded.yaml", *edit]) == 2
    (refusal,) = capsys.readouterr().err.splitlines()
    assert last == f"Before it can run here: {refusal}\n" and "cifar10.load_data()" in refusal
    assert bill.startswith("Bill: ")
    assert cli.main(["validate", "commanded.yaml"]) == 0
    assert "Before it can run" not in capsys.readouterr().out


def test_all_mistakes_of_a_table_are_told_at_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "own.csv").write_text("a,kind\n" + "1,x\n2,y\n" * 20)
    old = next(line for line in STUDY.splitlines() if line.startswith("data:"))
    new = "data: {name: file, path: own.csv, target: kidn}"
    (folder / "commanded.yaml").write_text(STUDY.replace(old, new))
    assert cli.main(["validate", "commanded.yaml"]) == 2
    share, target = capsys.readouterr().err.splitlines()
    assert ":7: data lacks `test`" in share and "write test: 0.2" in share
    assert "has no column 'kidn', did you mean 'kind'?" in target
    new = new.replace("kidn", "kind, test: 0.2, separator: ';'")
    (folder / "commanded.yaml").write_text(STUDY.replace(old, new))
    assert cli.main(["validate", "commanded.yaml"]) == 2
    (separator,) = capsys.readouterr().err.splitlines()
    assert "data.separator is `;`, which is not known; did you mean `semicolon`?" in separator


def test_an_idle_pruner_is_a_warning_with_its_place(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "commanded.yaml").write_text(STUDY.replace("{trials: 4}", "{pruner: asha}"))
    assert cli.main(["validate", "commanded.yaml"]) == 0
    said = capsys.readouterr().err
    assert said.startswith("commanded.yaml:11:10: warning: pruner asha stops no trial: ")
    assert said.endswith("(arm full, bn_only)\n") and said.count("\n") == 1


def test_more_to_choose_from_than_trials_is_a_warning_with_its_place(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "commanded.yaml").write_text(STUDY.replace("4}", "4, choose: {top: 5}}"))
    assert cli.main(["validate", "commanded.yaml"]) == 0
    said = capsys.readouterr().err
    assert said.startswith("commanded.yaml:11:35: warning: search.choose.top is 5, and a search")
    assert said.count("\n") == 1
    assert cli.main(["validate", "commanded.yaml", "--set", "search.choose.top=6"]) == 0
    assert capsys.readouterr().err.startswith("--set search.choose.top=6: warning: ")
    # what nobody wrote is nothing to mend
    assert cli.main(["validate", "commanded.yaml", "--set", "search={trials: 2}"]) == 0
    assert capsys.readouterr().err == ""


def test_a_sampler_whose_package_is_not_there_says_how_to_get_it(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hpstudy.search.drivers.find_spec", lambda name: None)
    (folder / "commanded.yaml").write_text(STUDY.replace("{trials", "{sampler: gp, trials"))
    assert cli.main(["validate", "commanded.yaml"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        "commanded.yaml:11:19: search.sampler gp needs a package that is not installed: "
        "pip install optuna torch scipy, or pip install '.[samplers]' in the clone"
    )


def test_a_cell_without_a_pick_says_why_its_search_ended(
    runs: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    why = "budget used up: 0 of 3 epochs, and the next trial needs 4"
    runs(lambda: study.Summary({}, ("full",), 0, {"full": why}))
    assert cli.main(["run", "commanded.yaml"]) == 1
    assert f"full has no pick: {why}" in capsys.readouterr().out


@pytest.mark.parametrize("columns", [None, "60"])
def test_verdicts_are_wrapped_whoever_reads(
    columns: str | None,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = Options(depths=(1,), trials=4, epochs=4, confirm=2, arrays=False)
    synthetic.write(folder / "kept", options)
    monkeypatch.setattr(os, "get_terminal_size", raising(OSError("no terminal")))
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns:
        monkeypatch.setenv("COLUMNS", columns)
    assert cli.main(["report", "kept"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert max(map(len, said)) <= int(columns or 80)
    assert any(line.startswith("  in doubt: ") for line in said)


def test_list_names_everything_or_one_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list"]) == 0
    every = capsys.readouterr().out
    assert cli.main(["list", "subsets"]) == 0
    one = capsys.readouterr().out
    assert one in every and "batchnorm" in one and "tpe" in every and "tpe" not in one


def test_each_model_lists_its_own_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list", "models"]) == 0
    model, told = "", {}
    for line in capsys.readouterr().out.splitlines()[1:]:
        name, _, text = line.strip().partition("  ")
        if line.startswith("    "):
            told[model] += " ".join(("", name, text))
        else:
            model = name
            told[model] = ""
    assert told.keys() == HYPERMODELS.keys()
    for name, declaration in HYPERMODELS.items():
        assert all(f" {one.name}" in told[name] for one in declaration.parameters)
    assert "hidden layers; default 2" in told["mlp"] and "which VGG" in told["vgg"]


def test_a_reader_that_goes_away_causes_no_traceback() -> None:
    process = spawn("list")
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait() == 141
    process.stderr.close()


def test_ctrl_c_in_a_real_process(folder: Path) -> None:
    words = ["run", "commanded.yaml", "--workers", "1", "--set", "training.length.epochs=100000"]
    # a shell's background jobs, this suite among them perhaps, ignore it, and so do their children
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = spawn(*words, start_new_session=True)
    signal.signal(signal.SIGINT, before)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("commanded: 2 cells"):
                break
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert err.splitlines()[-1].endswith(shlex.join(["-m", "hpstudy", *words]))
    assert "Traceback" not in err
