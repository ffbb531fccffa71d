"""Where a model is cut: one tensor carries all that the trained rest reads, or nothing is cut."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hpstudy.engine.prefix import cut
from hpstudy.hypermodels.resmlp import build
from hpstudy.spec.declarations import DataShape
from hpstudy.subsets import keras as subset


def model() -> Any:
    plain = {"depth": 2, "width": 4, "normalisation": "none"}
    return build(plain, DataShape((3,), "regression", 1))


@pytest.mark.parametrize(
    ("trained", "last"),
    [
        ("first", None),  # nothing with a weight lies before
        ("inner_0", "first"),  # the block and its skip read one tensor
        ("outer_0", "first"),  # the skip goes around what trains, so the cut is before it
        ("inner_1", "add_0"),
        ("output", "activation_2"),
    ],
)
def test_a_skip_around_what_trains_is_not_cut(trained: str, last: str | None) -> None:
    network = model()
    paths = {owned.path: owned.variable for owned in subset.variables(network)}
    halves = cut(network, {id(paths[f"{trained}/kernel"])})
    if last is None:
        assert halves is None
        return
    assert halves is not None
    before, rest = halves
    assert before.layers[-1].name == last
    assert f"{trained}/kernel" in {owned.path for owned in subset.variables(rest)}
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    found = np.asarray(rest.call(before.call(x)))
    np.testing.assert_allclose(found.reshape(5, 1), np.asarray(network(x)), rtol=1e-5)
