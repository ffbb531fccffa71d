"""What a study asks for: runs, run-epochs, time, and what its confirm phase could show."""

from __future__ import annotations

from math import ceil
from pathlib import Path

import pytest

from hpstudy import bill, data, extremes, spec
from hpstudy.bill.pace import CORE, FIT, GPU, START
from hpstudy.engine.devices import Fleet
from hpstudy.spec import Spec
from hpstudy.study import REGISTRIES

STUDY = """\
# Is one half of the network enough?
name: priced
data: {name: digits, validation: 0.2, test: 0.2}
model: {type: mlp, depth: {sweep: [1, 2]}, width: 16}
training:
  length: {epochs: 5}
  batch_size: 64
  learning_rate: {float: [0.01, 1], log: true}
arms:
  full: {train: all}
  bn_only: {train: batchnorm}
  frozen: {train: none, search: none, training: {learning_rate: 0.1}}
search: {trials: 8, choose: {top: 3, seeds: 2}}
confirm: {seeds: 10}
"""
SEARCHED = "arms={full: {train: all}, bn_only: {train: batchnorm}}"


def load(folder: Path, *edits: str) -> Spec:
    path = folder / "priced.yaml"
    path.write_text(STUDY)
    return spec.load(path, REGISTRIES, edits=edits)


def priced(study: Spec, fleet: Fleet | None = None) -> bill.Bill:
    return bill.bill(study, data.sizes(study.data), fleet or Fleet(2))


def lines(study: Spec) -> list[str]:
    sizes = data.sizes(study.data)
    power = bill.power(study.confirm_seeds, sizes.test)
    found = extremes.check(study, sizes)
    return bill.validation(study, sizes, found, priced(study), power, Fleet(2))


def test_runs_of_every_phase_and_their_epochs(tmp_path: Path) -> None:
    one = priced(load(tmp_path))
    assert (one.search, one.choose, one.confirm) == (2 * 2 * 8, 2 * 2 * 6, 3 * 2 * 10)
    assert one.runs == 116 and one.run_epochs == 116 * 5
    # depth and subset make programs; the learning rate does not
    assert one.programs == 2 * 3


def test_nothing_is_chosen_from_one_trial(tmp_path: Path) -> None:
    assert priced(load(tmp_path, "search.trials=1")).choose == 0


def test_time_is_the_stated_formula(tmp_path: Path) -> None:
    frozen = "arms={frozen: {train: none, search: none, training: {learning_rate: 0.1}}}"
    edits = (frozen, "model.depth=1", "confirm.seeds=1")
    train, validation, batch, epochs = 1079, 359, 64, 5
    kernels = 64 * 16 + 16 * 10
    steps = epochs * (train // batch)
    operations = steps * batch * 4 * kernels + epochs * validation * 2 * kernels
    study = load(tmp_path, *edits)
    assert data.sizes(study.data).train == train
    one = priced(study)
    on_core = operations / CORE.flops + steps * CORE.step + CORE.program
    assert bill.seconds(one, Fleet(1)) == pytest.approx(START + on_core, rel=1e-9)
    in_lanes = operations / GPU.flops + steps * GPU.step / 8 + GPU.program
    fleet = Fleet(2, ("0", "1"), lanes=8)
    assert bill.seconds(one, fleet) == pytest.approx(START + in_lanes / 2, rel=1e-9)
    by_fit = operations / FIT.flops + steps * FIT.step + epochs * FIT.epoch + FIT.run
    assert bill.seconds(one, Fleet(1, backend="tensorflow")) == pytest.approx(
        START + by_fit, rel=1e-9
    )


def test_a_convolution_s_kernel_counts_at_every_place(tmp_path: Path) -> None:
    model = "model={type: lenet, kernel_size: 3, filters: 2, filters_2: 3, dense_width: 4}"
    frozen = "arms={frozen: {train: none, search: none, training: {learning_rate: 0.1}}}"
    one = priced(load(tmp_path, model, frozen, "confirm.seeds=1"))
    # 8x8 images: 8x8 places of 3x3x1x2, then 2x2 of 3x3x2x3, then one pixel of 3 maps
    products = 64 * 18 + 4 * 54 + 3 * 4 + 4 * 84 + 84 * 10
    steps, validation = 5 * (1079 // 64), 5 * 359
    assert one.operations == steps * 64 * 4 * products + validation * 2 * products


def test_training_more_costs_more_and_steps_set_the_length(tmp_path: Path) -> None:
    full, norm = (
        priced(load(tmp_path, f"arms={{one: {{train: {train}}}}}"))
        for train in ("all", "batchnorm")
    )
    assert full.operations > norm.operations and full.runs == norm.runs
    short = priced(load(tmp_path, "training.length={steps: 17}"))
    assert short.run_epochs == short.runs * 2


@pytest.mark.parametrize(
    ("search", "trials", "searched"),
    [
        # 5 epochs a trial; what the budget holds, and never more than are asked
        ("budget: {epochs: 63}", 12, 63),
        ("budget: {epochs: 63}, trials: 9", 9, 45),
        # pruning buys more trials of the same epochs
        ("budget: {epochs: 63}, pruner: asha", 12, 63),
    ],
)
def test_a_budget_of_epochs_is_billed_by_what_it_holds(
    search: str, trials: int, searched: int, tmp_path: Path
) -> None:
    study = load(tmp_path, f"search={{{search}, choose: {{top: 3, seeds: 2}}}}")
    one = priced(study)
    assert one.search == 2 * 2 * trials
    assert one.run_epochs == 4 * (searched + 5 * 6) + 6 * 5 * 10
    text = " ".join(lines(study))
    assert f"Bill: about {one.runs} runs (search {one.search}, choose 24, confirm 60)" in text
    assert f", at most {one.run_epochs} epochs in all" in text


def test_a_budget_of_minutes_is_billed_by_the_pace_that_the_bill_states(tmp_path: Path) -> None:
    study = load(tmp_path, "search={budget: {minutes: 0.05}}")
    one, sizes = priced(study), data.sizes(study.data)
    typical = bill.typical(study, sizes, Fleet(2))
    seconds = [typical[cell.name].seconds for cell in study.cells if cell.search]
    assert one.search == sum(ceil(3 / second) + 3 for second in seconds if second)
    # four searches of three seconds on two workers
    rest = priced(load(tmp_path, "search.trials=1"))
    assert 6 < bill.seconds(one, Fleet(2)) - bill.seconds(rest, Fleet(2)) < 8
    text = " ".join(lines(study))
    assert "as many trials as 0.05 minutes of training hold" in text
    assert "so a new run may try other trials" in text
    assert "1,000" not in text and "at most" not in text


def test_hyperband_is_billed_by_what_its_rounds_train(tmp_path: Path) -> None:
    arm = "arms={one: {train: all}}"
    oracle = "{driver: keras_tuner, oracle: {hyperband: {first_epoch: 3}}, trials: 6, parallel: 1"
    edits = (arm, "model.depth=1", "training.length.epochs=9")
    study = load(tmp_path, *edits, f"search={oracle}, choose: {{top: 1}}}}")
    # three trials of 3 epochs, of which one goes on to 9, and two of the next bracket
    assert priced(study).run_epochs == 3 * 3 + 6 + 2 * 9 + 10 * 9
    # model.fit trains a promoted one from its start
    repeats = priced(study, Fleet(1, backend="tensorflow"))
    assert repeats.run_epochs == 3 * 3 + 9 + 2 * 9 + 10 * 9
    limited = load(tmp_path, *edits, f"search={oracle}, budget: {{epochs: 22}}}}")
    assert priced(limited).search == 4


def test_minutes_of_a_space_that_only_running_tells_are_not_billed(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("def build_model(hp): ...\n")
    edits = ("model={hypermodel: 'own:build_model'}", "arms={one: {train: all}}", "training={}")
    study = load(tmp_path, *edits, "search={budget: {minutes: 1}}")
    one = priced(study)
    assert one.search is None
    text = " ".join(lines(study))
    assert "Bill: search as many as the budget holds, choose 12, confirm 10, with 2 workers" in text
    assert text.count("known only by running it") == 1


def test_the_bill_repeats(tmp_path: Path) -> None:
    study = load(tmp_path, SEARCHED, "training.batch_size={int: [8, 128]}")
    assert priced(study) == priced(study)


def test_power_of_ten_seeds_and_a_thousand_examples() -> None:
    one = bill.power(10, 1000)
    assert one.seeds == pytest.approx(2.2621571628 / 10**0.5)
    assert one.examples == pytest.approx(0.013859, abs=1e-6)
    assert one.smallest_p == 2 / 2**10


def test_one_seed_shows_nothing() -> None:
    one = bill.power(1, 1000)
    assert one.seeds is None and one.smallest_p == 1


def test_validation_prints_spaces_networks_bill_and_power(tmp_path: Path) -> None:
    said = lines(load(tmp_path))
    text = "\n".join(said)
    assert max(map(len, said)) <= 80
    assert "learning_rate: 0.01 to 1, log" in text
    # cells that differ in what is swept alone are told together, and no pair of words is parted
    assert said.count("bn_only at depth=1, depth=2") == 1
    assert text.count("search: ") == 2 and said.count("  search: none") == 1
    (row,) = (line for line in said if "kernel_initializer" in line)
    assert "kernel_initializer he_normal" in row
    row = next(line for line in reversed(said) if line.startswith("bn_only depth=2"))
    assert row.split()[2:] == ["64", "1,450", "1,514"]
    assert "at most 116 runs (search 32, choose 24, confirm 60), at most 580" in text
    assert "search: 8 trials by the tpe sampler, none pruned, 4 at a time; the best 3" in text
    assert "0.36 points" in text and "p = 0.002" in text
    # what exists in no configuration is not shown
    assert "beta_1" not in text and "early_stopping.patience" not in text


def test_seeds_that_are_too_few_for_the_test_are_told(tmp_path: Path) -> None:
    few = "cannot go below p = 0.0625: too few seeds to show any difference, 6 could"
    assert few in " ".join(" ".join(lines(load(tmp_path, "confirm.seeds=5"))).split())
    assert "too few seeds" not in " ".join(lines(load(tmp_path, "confirm.seeds=6")))


def test_a_file_is_told_by_its_name_and_one_output_as_one(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text("a,b\n" + "\n".join(f"{n},{n}.5" for n in range(200)))
    own = "data={name: file, path: cells.csv, target: b, validation: 0.2, test: 0.2}"
    said = lines(load(tmp_path, own, "score={metric: r2, at: last}"))
    assert any(
        line.startswith("Data: cells.csv, examples of 1 (regression, 1 out") for line in said
    )
    assert "1 outputs" not in " ".join(said)


def test_a_searched_network_has_two_rows(tmp_path: Path) -> None:
    said = "\n".join(lines(load(tmp_path, SEARCHED, "model.width={int: [8, 16]}")))
    assert "bn_only depth=1, smallest" in said and "\n  largest" in said


def test_ranges_inside_branches_are_spelled_out(tmp_path: Path) -> None:
    branch = "training.optimizer={choice: {sgd: {momentum: {float: [0, 0.9]}}, adam: {}}}"
    said = "\n".join(lines(load(tmp_path, SEARCHED, branch)))
    assert "training.optimizer: sgd (training.momentum 0 to 0.9) | adam" in said


def test_regression_has_no_points(tmp_path: Path) -> None:
    edits = ("data={name: diabetes, validation: 0.2, test: 0.2}", "score={metric: r2, at: last}")
    said = "\n".join(lines(load(tmp_path, *edits)))
    assert "0.72 standard deviations" in said and "points" not in said
