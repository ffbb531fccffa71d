"""Spaces: proposals stay inside their ranges, and what does not exist is never asked for."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpstudy.spec import Choice, FloatRange, IntRange, resolve

numbers = st.floats(1e-3, 1e3, allow_nan=False)


@st.composite
def ranges(draw):
    kind = draw(st.sampled_from(("int", "float", "choice", "fixed")))
    if kind == "int":
        low = draw(st.integers(1, 50))
        return IntRange(low, low + draw(st.integers(0, 50)), draw(st.booleans()))
    if kind == "float":
        low = draw(numbers)
        return FloatRange(low, low + draw(numbers), draw(st.booleans()))
    if kind == "choice":
        return Choice(tuple(draw(st.sets(st.integers(0, 9), min_size=1, max_size=4))))
    return draw(numbers)


@st.composite
def spaces(draw):
    """A controlling choice, settings conditional on it, and branches that redefine some."""
    names = [f"training.s{i}" for i in range(draw(st.integers(1, 5)))]
    space = {name: draw(ranges()) for name in names}
    branches = {
        option: {name: draw(ranges()) for name in draw(st.sets(st.sampled_from(names)))}
        for option in ("a", "b")
    }
    conditions = {
        name: {"training.kind": tuple(draw(st.sets(st.sampled_from(("a", "b", "c")), min_size=1)))}
        for name in draw(st.sets(st.sampled_from(names)))
    }
    return {"training.kind": Choice(("a", "b", "c"), branches), **space}, conditions


def inside(value, asked):
    if isinstance(asked, Choice):
        return value in asked.options
    return asked.low <= value <= asked.high


@settings(max_examples=60, deadline=None)
@given(spaces(), st.randoms(use_true_random=False))
def test_proposals_hold_every_active_setting_and_nothing_else(space, random):
    values, conditions = space
    asked = {}

    def ask(name, wanted):
        assert name not in asked
        asked[name] = wanted
        if isinstance(wanted, Choice):
            return random.choice(wanted.options)
        if isinstance(wanted, IntRange):
            return random.randint(wanted.low, wanted.high)
        return random.uniform(wanted.low, wanted.high)

    proposal = resolve(values, conditions, ask)
    kind = proposal.config["training.kind"]
    active = {
        key for key in values if kind in conditions.get(key, {}).get("training.kind", (kind,))
    }
    assert set(proposal.config) == active
    assert proposal.params.keys() == asked.keys()
    branch = values["training.kind"].branches.get(kind, {})
    for name, wanted in asked.items():
        key = name.split("[")[0]
        assert inside(proposal.params[name], wanted)
        assert proposal.config[key] == proposal.params[name]
        assert wanted == (branch[key] if key in branch else values[key])
        assert ("[" in name) == (key in branch)


CONDITIONAL = """\
# Which optimizer?
data: {name: toy}
model: {type: net, normalisation: {choice: [batch, none]}, gamma_initializer: uniform}
training:
  momentum: {float: [0, 0.9]}
  length: {epochs: 3}
  batch_size: {choice: {32: {beta_2: {float: [0.9, 0.99]}}, 64: }}
  schedule:
    choice: {step: {factor: {float: [0.1, 0.5]}, at: [0.5]}, constant: , cosine: {warmup: 0.1}}
  optimizer:
    choice:
      sgd: {learning_rate: {float: [0.1, 1]}, momentum: {choice: [0.5, 0.9]}}
      adam: {learning_rate: {float: [1e-4, 1e-2], log: true}}
  learning_rate: 1
arms:
  all: {train: all}
  some: {train: {choice: {gamma: , random: {fraction: {float: [0.1, 0.2]}}}}}
"""


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(random=st.randoms(use_true_random=False))
def test_a_study_files_space(read, random):
    config, params = proposal_of(random, read(CONDITIONAL).cells[1])
    adaptive = config["training.optimizer"] == "adam"
    assert ("training.momentum" in config) != adaptive
    assert ("training.beta_2" in config) == adaptive
    name = f"training.beta_2[training.batch_size={config['training.batch_size']}]"
    assert (name in params) == (adaptive and config["training.batch_size"] == 32)
    low, high = (1e-4, 1e-2) if adaptive else (0.1, 1.0)
    assert low <= config["training.learning_rate"] <= high
    stepped = config["training.schedule"] == "step"
    assert ("training.schedule.factor" in config) == stepped
    assert config.get("training.schedule.at") == ((0.5,) if stepped else None)
    assert config["training.warmup"] == (0.1 if config["training.schedule"] == "cosine" else 0.0)
    assert ("model.gamma_initializer" in config) == (config["model.normalisation"] == "batch")
    drawn = config["subset.train"] == "random"
    assert ("subset.fraction" in config) == ("subset.of" in config) == drawn


def proposal_of(random, cell):
    order = list(cell.settings)
    for key, condition in cell.conditions.items():
        assert all(order.index(other) < order.index(key) for other in condition)

    def ask(name, wanted):
        if isinstance(wanted, Choice):
            return random.choice(wanted.options)
        return random.uniform(wanted.low, wanted.high)

    proposal = resolve(cell.settings, cell.conditions, ask)
    return proposal.config, proposal.params
