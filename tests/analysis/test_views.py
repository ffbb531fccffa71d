"""The CSV files: their columns, their order, and that they can always be made again."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from hpstudy.analysis import claims, load, views
from hpstudy.analysis.frames import Columns, csv_text, frame
from hpstudy.store import Store
from tests.analysis import synthetic
from tests.analysis.synthetic import Options

TIMES = ["trained_epochs", "seconds.total", "seconds.compile", "time"]


def written(store: Store) -> dict[str, str]:
    return {path.name: path.read_text() for path in views.write(claims(store.folder))}


def test_runs_csv_has_every_setting_and_keeps_times_last(tmp_path: Path) -> None:
    written(synthetic.write(tmp_path))
    runs = pd.read_csv(tmp_path / "runs.csv")
    for column in (
        *("run", "cell", "arm", "sweep.depth", "generation", "superseded", "phase", "trial"),
        *("seed_index", "seed.initialisation", "seed.mask", "seed.order", "status", "reason"),
        *("score", "accuracy", "test_accuracy", "train_loss", "epochs", "trained", "total"),
        *("model.width", "training.learning_rate", "training.schedule.at", "subset.train"),
    ):
        assert column in runs.columns
    assert list(runs.columns[-4:]) == TIMES
    assert len(runs) == 6 * (16 + 12 + 10)


def test_runs_are_sorted_by_cell_phase_trial_and_seed(tmp_path: Path) -> None:
    runs = load(synthetic.write(tmp_path).folder).runs
    phases = runs["phase"].map({"search": 0, "choose": 1, "confirm": 2})
    keys = zip(runs["cell"], phases, runs["trial"], runs["seed_index"], strict=True)
    found = list(keys)
    assert found == sorted(found)


def test_the_order_of_events_changes_nothing(tmp_path: Path) -> None:
    whole = synthetic.write(tmp_path / "a")
    events = list(whole.events())
    other = Store(tmp_path / "b")
    runs = [event for event in events if event["event"] == "run"]
    shuffled = [event for event in events if event["event"] != "run"] + runs[::-1]
    other.write_text("runs.jsonl", "".join(f"{json.dumps(event)}\n" for event in shuffled))
    one, two = load(whole.folder).runs, load(other.folder).runs
    pd.testing.assert_frame_equal(one.drop(columns=TIMES), two.drop(columns=TIMES))


def test_whole_numbers_stay_whole_beside_blanks(tmp_path: Path) -> None:
    options = Options(extra_axis={"random": (1, 4)}, failed_trials=(2,))
    text = written(synthetic.write(tmp_path, options))["runs.csv"]
    row = next(line for line in text.splitlines() if "per_unit=4" in line)
    assert ",4,1,False,search," in row


def test_ranking_and_contrast_say_what_the_report_says(tmp_path: Path) -> None:
    written(synthetic.write(tmp_path))
    ranking = pd.read_csv(tmp_path / "ranking.csv")
    contrast = pd.read_csv(tmp_path / "contrast.csv")
    assert list(ranking.columns[:4]) == ["cell", "arm", "sweep.depth", "generation"]
    assert ranking.groupby("cell")["picked"].sum().tolist() == [1] * 6
    assert len(contrast) == 4
    assert contrast["verdict"].str.startswith("At depth").all()
    assert set(contrast["flags"].dropna().str.split("; ").explode()) >= {"counts differ"}
    assert (contrast["p_method"] == "exact").all()


def test_views_of_a_study_that_has_only_begun_have_their_columns(tmp_path: Path) -> None:
    store = synthetic.write(tmp_path / "whole")
    begun = Store(tmp_path / "begun")
    begun.append(next(store.events()))
    texts = written(begun)
    assert texts["runs.csv"].startswith("run,cell,arm,sweep.depth,generation")
    assert texts["ranking.csv"].startswith("cell,arm,")
    assert texts["contrast.csv"].count("has no verdict yet") == 4


def test_making_the_views_again_gives_the_same_bytes(tmp_path: Path) -> None:
    store = synthetic.write(tmp_path)
    assert written(store) == written(store)


def test_superseded_runs_stay_listed(tmp_path: Path) -> None:
    runs = load(synthetic.write(tmp_path, Options(generations={"full": 2})).folder).runs
    old = runs[runs["superseded"]]
    assert len(old) == 8
    assert set(old["generation"]) == {1}
    assert set(old["arm"]) == {"full"}


def test_rungs_are_json(tmp_path: Path) -> None:
    runs = load(synthetic.write(tmp_path).folder).runs
    pruned = runs[runs["status"] == "pruned"]
    assert all(set(json.loads(text)) == {"5"} for text in pruned["rungs"])


def test_csv_text_is_what_pandas_writes() -> None:
    columns: Columns = {
        "text": ["a", 'say "so", twice', "two\nlines", None, ""],
        "whole": [1, None, -3, 2**53 + 1, 0],
        "real": [0.1, None, float("nan"), 1e-12, 12345678.9],
        "both": [1, 2.5, None, 3, 4],
        "bool": [True, False, None, True, True],
        "mixed": [True, 2, "x", None, 0.5],
        "none": [None] * 5,
    }
    assert csv_text(columns) == frame(columns).to_csv(index=False, lineterminator="\n")
