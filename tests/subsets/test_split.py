"""Split and join: nothing is lost, frozen values are untouched, inert entries are inert."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpstudy.hypermodels import HYPERMODELS
from hpstudy.spec.declarations import DataShape
from hpstudy.subsets.powers import power_of_two
from hpstudy.subsets.rules import Rule, count, select
from hpstudy.subsets.split import Parts, join, of_entries, pad, split

TENSORS = HYPERMODELS["mlp"].tensors({"width": 5}, DataShape((7,), "classification", 3))
RULES = [
    Rule("all"),
    Rule("none"),
    Rule("batchnorm"),
    Rule("batchnorm+random", per_unit=3),
    Rule("random", fraction=0.37, of="all"),
    Rule("random", match="batchnorm"),
]


def values(seed: int) -> dict[str, Any]:
    draw = np.random.default_rng(seed)
    return {t.path: draw.normal(size=t.shape).astype(np.float32) for t in TENSORS}


def parts(rule: Rule, seed: int = 3) -> Parts:
    return split(select(rule, TENSORS, seed), values(seed))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.train)
def test_join_gives_back_what_split_took_apart(rule: Rule) -> None:
    whole, halves = values(3), parts(rule)
    assert sum(theta.size for theta in halves.theta.values()) == count(rule, TENSORS).trained
    for each in (halves, pad(halves)):
        for joined in (
            join(each.base, each.theta, each.indices),
            jax.jit(join)(each.base, each.theta, each.indices),
        ):
            assert joined.keys() == whole.keys()
            for path, value in whole.items():
                np.testing.assert_array_equal(joined[path], value)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 7), st.integers(0, 2**32), st.booleans())
def test_only_the_chosen_entries_change(k: int, seed: int, on_jax: bool) -> None:
    rule = Rule("random", per_unit=k, at_fan_in="clip")
    halves = pad(parts(rule, seed))
    array = jnp.asarray if on_jax else np.asarray
    theta = {path: array(value + 1) for path, value in halves.theta.items()}
    joined = join(halves.base, theta, halves.indices)
    for path, value in values(seed).items():
        mask = np.zeros(value.size, bool)
        chosen = select(rule, TENSORS, seed)[path]
        mask[slice(None) if isinstance(chosen, str) and chosen == "all" else []] = True
        if not isinstance(chosen, str):
            mask[chosen] = True
        mask = mask.reshape(value.shape)
        after = np.asarray(joined[path])
        np.testing.assert_array_equal(after[~mask], value[~mask])
        np.testing.assert_array_equal(after[mask], value[mask] + 1)


def test_joining_leaves_the_frozen_values_as_they_were() -> None:
    halves = parts(Rule("random", per_unit=2))
    before = {path: value.copy() for path, value in halves.base.items()}
    join(halves.base, {path: v + 1 for path, v in halves.theta.items()}, halves.indices)
    for path, value in before.items():
        np.testing.assert_array_equal(halves.base[path], value)


def test_padded_entries_have_no_gradient_and_sizes_are_powers_of_two() -> None:
    few, many = parts(Rule("random", per_unit=3)), pad(parts(Rule("random", per_unit=3)))

    def loss(theta: dict[str, Any]) -> Any:
        whole = join(many.base, theta, many.indices)
        return sum(jnp.sum(jnp.square(value)) for value in whole.values())

    gradient = jax.grad(loss)({path: jnp.asarray(v) for path, v in many.theta.items()})
    for path, value in few.theta.items():
        assert many.theta[path].shape == (16,)
        np.testing.assert_allclose(gradient[path][: len(value)], 2 * value, rtol=1e-6)
        np.testing.assert_array_equal(gradient[path][len(value) :], 0)


@pytest.mark.parametrize("rule", RULES[3:5], ids=lambda rule: rule.train)
def test_tensors_that_hold_their_entries_have_the_joins_gradients(rule: Rule) -> None:
    some = pad(parts(rule))
    theta = {path: jnp.asarray(some.theta[path]) + 1 for path in some.indices}
    apart = {path: some.base[path] for path in some.indices}
    stale = join(apart, {path: value - 3 for path, value in theta.items()}, some.indices)
    renewed = join(stale, theta, some.indices)

    def loss(theta: dict[str, Any], held: bool) -> Any:
        how = of_entries(renewed, theta, some.indices) if held else join(apart, theta, some.indices)
        return sum(jnp.sum(jnp.sin(value) * (i + 1)) for i, value in enumerate(how.values()))

    ours, theirs = (jax.value_and_grad(loss)(theta, held) for held in (True, False))
    jax.tree.map(np.testing.assert_array_equal, ours, theirs)


def test_lanes_join_side_by_side() -> None:
    lanes = [pad(parts(Rule("random", per_unit=3), seed)) for seed in (1, 2)]
    stacked = [
        {path: np.stack([getattr(lane, name)[path] for lane in lanes]) for path in lanes[0].theta}
        for name in ("base", "theta", "indices")
    ]
    joined = jax.vmap(join)(*stacked)
    for lane, seed in enumerate((1, 2)):
        for path in joined:
            np.testing.assert_array_equal(joined[path][lane], values(seed)[path])


@pytest.mark.parametrize(("number", "up"), [(1, 1), (2, 2), (3, 4), (4, 4), (5, 8), (1000, 1024)])
def test_padding_goes_to_the_next_power_of_two(number: int, up: int) -> None:
    assert power_of_two(number) == up


def test_another_networks_selection_is_refused() -> None:
    selection = select(Rule("all"), TENSORS, 0)
    with pytest.raises(ValueError, match="without a value: .'dense_0/kernel'"):
        split(selection, {path: v for path, v in values(0).items() if path != "dense_0/kernel"})
