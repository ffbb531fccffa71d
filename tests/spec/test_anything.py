"""Whatever stands in a study file, reading it gives a study or tells mistakes with their place."""

from __future__ import annotations

import copy
import re

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpstudy.errors import SpecError

RICH = {
    "name": "rich",
    "data": {"name": "toy", "validation": 0.2, "test": 0.2, "split_seed": 1},
    "model": {"type": "net", "depth": {"sweep": [1, 3]}, "width": {"int": [4, 8], "step": 2}},
    "training": {
        "length": {"epochs": 10},
        "batch_size": {"choice": [32, 64]},
        "optimizer": {"choice": {"sgd": {"momentum": {"float": [0.1, 0.9]}}, "adam": None}},
        "learning_rate": {"float": [0.01, 1], "log": True},
        "schedule": {"step": [0.5, 0.7], "factor": 0.1},
        "early_stopping": {"monitor": "loss", "patience": 3, "restore": "best"},
    },
    "score": {"metric": "accuracy", "at": "epoch 5"},
    "arms": {
        "full": {"train": "all", "training": {"learning_rate": 0.1}},
        "part": {"train": {"choice": {"gamma": None, "random": {"per_unit": 2}}}},
        "some": {"train": "random", "fraction": {"sweep": [0.1, 0.2]}, "search": {"trials": 2}},
    },
    "contrasts": [["part", "full"]],
    "search": {"pruner": {"asha": {"factor": 3}}, "choose": {"top": 2}},
    "confirm": {"seeds": 3},
    "engine": {"backend": "jax"},
    "variants": {"quick": {"training": {"length": {"steps": 5}}}},
}

leaves = st.sampled_from(
    [None, True, False, 0, -1, 2, 0.5, 1e9, "none", "all", "random", "adam", "step", "no such", ""]
)
words = st.sampled_from(
    ["int", "float", "choice", "sweep", "log", "step", "train", "epochs", "steps", "type", "model",
     "per_unit", "schedule", "monitor", "search", "x y"]
)  # fmt: skip
anything = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)


def spots(node, path=()):
    yield path
    items = node.items() if isinstance(node, dict) else []
    for key, inner in items:
        yield from spots(inner, (*path, key))


SPOTS = [path for path in spots(RICH) if path]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    changes=st.lists(st.tuples(st.sampled_from(SPOTS), anything), min_size=1, max_size=2),
    rename=st.none() | words,
)
def test_any_file_is_a_study_or_told(read, changes, rename):
    document = copy.deepcopy(RICH)
    for path, new in changes:
        node = document
        for key in path[:-1]:
            node = node.get(key) if isinstance(node, dict) else None
        if isinstance(node, dict):
            node[rename or path[-1]] = new
    try:
        spec = read(yaml.safe_dump(document), variant="quick" if rename else None)
    except SpecError as error:
        assert error.problems
        for problem in error.problems:
            assert re.match(r".*tiny\.yaml:\d+:\d+: .|--variant quick: ", str(problem))
    else:
        names = [cell.name for cell in spec.cells]
        assert len(set(names)) == len(names) > 0


def test_the_untouched_file_is_right(read):
    assert len(read(yaml.safe_dump(RICH)).cells) == 8
