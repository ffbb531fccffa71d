"""Rules: their counts against the formulas, their draws, and what they refuse."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpstudy.hypermodels import HYPERMODELS
from hpstudy.spec.arms import SUBSET
from hpstudy.spec.declarations import DataShape, Tensor
from hpstudy.subsets.rules import Count, Rule, RuleError, Selection, count, select

quick = settings(max_examples=25, deadline=None)
inputs, widths, depths = st.integers(1, 12), st.integers(1, 9), st.integers(1, 4)
seeds = st.integers(0, 2**63 - 1)

CONVOLUTION = [
    Tensor("conv/kernel", (3, 3, 2, 5), "kernel"),
    Tensor("norm/gamma", (5,), "gamma", "batch"),
    Tensor("norm/beta", (5,), "beta", "batch"),
    Tensor("output/kernel", (5, 4), "kernel", output=True),
    Tensor("output/bias", (4,), "bias", output=True),
]


def mlp(i: int, w: int, d: int, outputs: int, norm: str = "batch") -> list[Tensor]:
    """The tensors of d hidden layers of w units on i inputs."""
    config = {"depth": d, "width": w, "normalisation": norm}
    shape = DataShape((i,), "classification", outputs)
    return list(HYPERMODELS["mlp"].tensors(config, shape))


def entries(selection: Selection, tensors: list[Tensor]) -> set[tuple[str, int]]:
    """Every selected entry as (path, flat index)."""
    found = set()
    for tensor in tensors:
        chosen = selection[tensor.path]
        indices: Any = chosen
        if isinstance(chosen, str):
            indices = range(math.prod(tensor.shape) if chosen == "all" else 0)
        found |= {(tensor.path, int(index)) for index in indices}
    return found


def columns(selection: Selection, tensor: Tensor) -> list[int]:
    """How many entries each unit of a kernel trains."""
    mask = np.zeros(math.prod(tensor.shape), int)
    mask[[index for path, index in entries(selection, [tensor]) if path == tensor.path]] = 1
    return list(mask.reshape(-1, tensor.shape[-1]).sum(axis=0))


@quick
@given(inputs, widths, depths)
def test_words_count_as_their_formulas_say(i: int, w: int, d: int) -> None:
    outputs = 3
    kernels = i * w + (d - 1) * w * w + w * outputs
    total = kernels + 2 * d * w + outputs
    expected = {
        "all": total,
        "none": 0,
        "batchnorm": 2 * d * w,
        "gamma": d * w,
        "beta": d * w,
        "output": w * outputs + outputs,
        "batchnorm+output": 2 * d * w + w * outputs + outputs,
        "all-batchnorm": kernels + outputs,
        "batchnorm-gamma": d * w,
        "all-output+beta": total - w * outputs - outputs,
    }
    tensors = mlp(i, w, d, outputs)
    for train, trained in expected.items():
        assert count(Rule(train), tensors) == Count(trained, total - trained, total)
        assert len(entries(select(Rule(train), tensors, 0), tensors)) == trained


@quick
@given(inputs, widths, depths, st.integers(1, 14), seeds)
def test_per_unit_trains_exactly_k_entries_of_each_unit(
    i: int, w: int, d: int, k: int, seed: int
) -> None:
    tensors = mlp(i, w, d, 3)
    rule = Rule("random", per_unit=k, at_fan_in="clip")
    selection = select(rule, tensors, seed)
    for tensor in tensors:
        hidden = tensor.role == "kernel" and not tensor.output
        each = min(k, tensor.shape[0]) if hidden else 0
        assert columns(selection, tensor) == [each] * tensor.shape[-1]
    assert count(rule, tensors).trained == min(k, i) * w + (d - 1) * min(k, w) * w
    if k > min(i, w if d > 1 else i):
        with pytest.raises(RuleError, match="fan-in is"):
            select(Rule("random", per_unit=k), tensors, seed)


@quick
@given(inputs, widths, depths, st.floats(0.001, 1), seeds, st.sampled_from(["hidden", "all"]))
def test_fraction_trains_the_rounded_share_of_each_kernel(
    i: int, w: int, d: int, f: float, seed: int, of: str
) -> None:
    tensors = mlp(i, w, d, 3)
    rule = Rule("random", fraction=f, of=of)
    selection = select(rule, tensors, seed)
    total = 0
    for tensor in tensors:
        drawn = tensor.role == "kernel" and (of == "all" or not tensor.output)
        expected = math.floor(f * math.prod(tensor.shape) + 0.5) if drawn else 0
        assert len(entries(selection, [tensor])) == expected
        total += expected
    assert count(rule, tensors).trained == total


@quick
@given(inputs, widths, depths, seeds, st.sampled_from(["hidden", "output", "all"]))
def test_match_trains_as_many_entries_as_batchnorm(
    i: int, w: int, d: int, seed: int, of: str
) -> None:
    tensors = mlp(i, w, d, 3)
    rule = Rule("random", match="batchnorm", of=of, at_fan_in="clip")
    outputs = {"hidden": (False,), "output": (True,), "all": (False, True)}[of]
    kernels = [t for t in tensors if t.role == "kernel" and t.output in outputs]
    target, units = 2 * d * w, sum(t.shape[-1] for t in kernels)
    each, remainder = divmod(target, units)
    selection = select(rule, tensors, seed)
    extra = 0
    for kernel in kernels:
        for number in columns(selection, kernel):
            assert min(each, kernel.shape[0]) <= number <= min(each + 1, kernel.shape[0])
            extra += number > each
    assert extra <= remainder
    trained = count(rule, tensors).trained
    assert trained == len(entries(selection, tensors))
    if all(kernel.shape[0] > each for kernel in kernels):
        assert (trained, extra) == (target, remainder)


def test_match_gives_the_remainder_to_units_that_the_seed_draws() -> None:
    tensors = mlp(9, 5, 2, 3)  # 20 entries over 13 units: 1 each, 7 left
    rule = Rule("random", match="batchnorm", of="all")
    kernels = [tensor for tensor in tensors if tensor.role == "kernel"]
    lucky = set()
    for seed in range(8):
        selection = select(rule, tensors, seed)
        lucky.add(tuple(number for kernel in kernels for number in columns(selection, kernel)))
    assert len(lucky) > 1
    assert {sum(numbers) for numbers in lucky} == {20}
    assert {number for numbers in lucky for number in numbers} == {1, 2}


@quick
@given(inputs, widths, depths, seeds, st.integers(1, 6), st.floats(0.01, 0.9))
def test_a_larger_draw_holds_every_smaller_one(
    i: int, w: int, d: int, seed: int, k: int, f: float
) -> None:
    tensors = mlp(i, w, d, 3)
    fewer, more = (Rule("random", per_unit=n, at_fan_in="clip") for n in (k, k + 2))
    shares = Rule("random", fraction=f), Rule("batchnorm+random", fraction=min(1, f * 1.5))
    for small, large in ((fewer, more), shares):
        few, many = (entries(select(rule, tensors, seed), tensors) for rule in (small, large))
        assert few <= many


def test_a_draw_depends_on_seed_and_path_alone() -> None:
    tensors, rule = mlp(20, 16, 3, 4), Rule("random", per_unit=3)
    first = select(rule, tensors, 5)
    again = select(rule, list(reversed(tensors[2:])), 5)
    other = select(rule, tensors, 6)
    for path in ("dense_1/kernel", "dense_2/kernel"):
        np.testing.assert_array_equal(first[path], again[path])
        assert not np.array_equal(first[path], other[path])
    assert not np.array_equal(first["dense_1/kernel"], first["dense_2/kernel"])


def test_draws_are_uniform_over_the_fan_in() -> None:
    tensors = mlp(10, 400, 1, 2)
    selection = select(Rule("random", per_unit=3), tensors, 11)
    chosen: Any = selection["dense_0/kernel"]
    shares = np.bincount(chosen // 400, minlength=10) / 400
    assert np.abs(shares - 0.3).max() < 0.1


def test_convolutions_have_one_unit_for_each_filter() -> None:
    selection = select(Rule("random", per_unit=7), CONVOLUTION, 3)
    assert columns(selection, CONVOLUTION[0]) == [7] * 5
    assert count(Rule("random", per_unit=7), CONVOLUTION).trained == 35


def test_entries_that_are_named_twice_count_once() -> None:
    tensors = mlp(6, 4, 2, 3)
    rule = Rule("output+random", per_unit=2, of="all")
    assert count(rule, tensors).trained == 4 * 3 + 3 + 2 * 4 + 2 * 4
    assert select(rule, tensors, 0)["output/kernel"] == "all"
    assert count(Rule("random-output", per_unit=2, of="all"), tensors).trained == 16


def test_a_draw_of_everything_is_the_whole_tensor() -> None:
    tensors = mlp(6, 4, 1, 3)
    assert select(Rule("random", fraction=1.0), tensors, 0)["dense_0/kernel"] == "all"
    assert select(Rule("random", fraction=0.001), tensors, 0)["dense_0/kernel"] == "none"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"train": "random"}, "exactly one of"),
        ({"train": "random", "per_unit": 1, "fraction": 0.5}, "seen: per_unit, fraction"),
        ({"train": "batchnorm", "per_unit": 1}, "no word 'random'"),
        ({"train": "random", "per_unit": 0}, "whole number from 1"),
        ({"train": "random", "per_unit": True}, "whole number from 1"),
        ({"train": "random", "fraction": 1.5}, "at most 1"),
        ({"train": "random", "match": "layernorm"}, "allowed: batchnorm"),
        ({"train": "random", "per_unit": 1, "of": "first"}, "allowed: hidden, output, all"),
        ({"train": "random", "per_unit": 1, "at_fan_in": "wrap"}, "allowed: error, clip"),
    ],
)
def test_a_contradictory_rule_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(RuleError, match=said):
        Rule(**fields)


@pytest.mark.parametrize("norm", ["layer", "none"])
def test_match_without_batchnorm_is_refused(norm: str) -> None:
    with pytest.raises(RuleError, match="needs a network with BatchNormalization"):
        count(Rule("random", match="batchnorm"), mlp(6, 4, 2, 3, norm))


def test_match_over_kernels_treated_unlike_is_refused() -> None:
    with pytest.raises(RuleError, match="depend on the seed"):
        count(Rule("output+random", match="batchnorm", of="all"), mlp(6, 4, 2, 3))


def test_match_beyond_the_fan_in_is_refused_unless_clipped() -> None:
    tensors = mlp(1, 4, 1, 3)  # 8 entries for 4 units of fan-in 1
    with pytest.raises(RuleError, match="fan-in is 1"):
        count(Rule("random", match="batchnorm"), tensors)
    assert count(Rule("random", match="batchnorm", at_fan_in="clip"), tensors).trained == 4


def test_random_without_kernels_is_refused() -> None:
    with pytest.raises(RuleError, match="hidden kernels and the network has none"):
        count(Rule("random", per_unit=1), mlp(6, 4, 1, 3)[-2:])


@pytest.mark.parametrize("train", ["batchnorm+output", "output+batchnorm", "all+batchnorm"])
def test_a_word_of_a_sum_that_names_nothing_is_refused(train: str) -> None:
    tensors = mlp(6, 4, 2, 3, "none")
    with pytest.raises(RuleError, match=f"'batchnorm' in '{re.escape(train)}' names nothing"):
        count(Rule(train), tensors)
    # what is not there to be taken away changes no label
    assert count(Rule("all-batchnorm"), tensors) == count(Rule("all"), tensors)
    assert count(Rule("none+output"), tensors) == count(Rule("output"), tensors)


def test_layer_normalisation_is_gamma_and_beta_but_not_batchnorm() -> None:
    tensors = mlp(6, 4, 2, 3, "layer")
    assert count(Rule("batchnorm"), tensors).trained == 0
    assert count(Rule("gamma+beta"), tensors).trained == 16


def test_a_rule_reads_the_subset_keys_of_a_config() -> None:
    config = {"model.depth": 3, "subset.train": "batchnorm+random", "subset.per_unit": 2}
    assert Rule.from_config(config) == Rule("batchnorm+random", per_unit=2)
    assert Rule.from_config({}) == Rule("all")
    with pytest.raises(RuleError, match="unknown subset settings: units"):
        Rule.from_config({"subset.units": 2})


def test_defaults_are_those_that_a_study_file_has() -> None:
    assert Rule(**{parameter.name: parameter.default for parameter in SUBSET}) == Rule()
