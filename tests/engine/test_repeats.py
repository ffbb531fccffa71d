"""Networks as chains of links, and equal blocks as one loop that computes the same."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from hpstudy.engine.links import links
from hpstudy.engine.network import Network
from hpstudy.engine.prefix import cut
from hpstudy.hypermodels import layers as own
from hpstudy.hypermodels import resnet, vgg
from hpstudy.hypermodels.initial import initial_values, plan
from hpstudy.spec.declarations import DataShape
from hpstudy.subsets.keras import variables

L = keras.layers
IMAGES = DataShape((6, 6, 1), "regression", 1)


def network(model: Any) -> Network:
    kinds = {one.path: one.kind for one in plan(model)}
    return Network.of(model, kinds, {id(one.variable): one.path for one in variables(model)})


def copies(model: Any) -> list[int]:
    return [len(segment.copies) for segment in network(model).segments]


def block(x: Any, name: str, activation: Any = "relu", rate: float = 0.5) -> Any:
    """A residual block as small as one can be."""
    y = own.Conv2D(2, 3, padding="same", name=f"conv_{name}", use_bias=False)(x)
    y = own.BatchNormalization(name=f"norm_{name}")(y)
    y = own.Dropout(rate, seed=1, name=f"dropout_{name}")(y)
    return L.Activation(activation, name=f"activation_{name}")(L.Add(name=f"add_{name}")([x, y]))


def deep(*changed: dict[str, Any]) -> Any:
    """Blocks in a row, one for each mapping of what it has of its own."""
    keras.backend.clear_session(free_memory=False)  # or a precision of earlier models would stay
    inputs = keras.Input((6, 6, 1), name="input")
    x = own.Conv2D(2, 3, name="first")(inputs)
    for number, options in enumerate(changed):
        x = block(x, str(number), **options)
    return keras.Model(inputs, L.Dense(1, name="output")(L.Flatten()(x)))


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("training", [True, False])
def test_a_loop_over_equal_blocks_is_the_network(training: bool) -> None:
    model = deep({}, {}, {}, {"rate": 0.25})
    one = network(model)
    # each block is its sum and its activation; the rate is an input, so the last is equal too
    assert copies(model) == [1, 4, 1]
    drawn = initial_values(plan(model), 3, 4)
    values = {k: jnp.asarray(v, None if v.dtype.kind == "u" else "f8") for k, v in drawn.items()}
    x = np.random.default_rng(0).standard_normal((8, 6, 6, 1))
    trained = {path: values[path] for path in one.parameters}
    paths = [owned.path for owned in variables(model)]

    def looped(theta: Any) -> Any:
        outputs, states, _ = one({**values, **theta}, x, training)
        return (outputs**2).sum(), (outputs, states)

    def direct(theta: Any) -> Any:
        every = {**values, **theta}
        split = [p for p in paths if p in theta], [p for p in paths if p not in theta]
        given = [[every[path] for path in part] for part in split]
        outputs, changed = model.stateless_call(*given, x, training=training)
        after = dict(zip(split[1], changed, strict=True))
        return (outputs**2).sum(), (outputs, {path: after[path] for path in one.states})

    found, expected = (jax.jit(jax.grad(f, has_aux=True))(trained) for f in (looped, direct))
    assert found[1][1].keys() == set(one.states) and len(one.states) == 4 * 3
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, 1e-11, 1e-11), found, expected)
    # each block has values of its own, so an order or a copy gone wrong would show
    assert not np.allclose(found[0]["conv_1/kernel"], found[0]["conv_2/kernel"])


def test_lanes_of_a_loop_are_the_loops_alone() -> None:
    model = deep({}, {}, {})
    one, paths = network(model), [owned.path for owned in variables(model)]
    draws = [initial_values(plan(model), seed, 4) for seed in (1, 2)]
    lanes = {path: jnp.stack([draw[path] for draw in draws]) for path in paths}
    x = np.random.default_rng(0).standard_normal((8, 6, 6, 1)).astype("float32")

    def outputs(values: Any) -> Any:
        return one(values, x, training=False)[0]

    found, alone = jax.jit(jax.vmap(outputs))(lanes), jax.jit(outputs)
    for lane, draw in zip(found, draws, strict=True):
        np.testing.assert_allclose(lane, alone(draw), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ([{}], [1]),
        ([{}, {"activation": "tanh"}, {}], [1]),
        ([{}, {}, {"activation": "tanh"}, {"activation": "tanh"}], [1, 2, 2, 1]),
    ],
)
def test_only_equal_blocks_in_a_row_are_looped(blocks: Any, expected: list[int]) -> None:
    assert copies(deep(*blocks)) == expected


def test_a_layer_that_is_called_again_is_not_looped() -> None:
    inputs = x = keras.Input((6, 6, 1))
    shared = own.BatchNormalization()
    for _ in range(3):
        x = shared(x)
    assert copies(keras.Model(inputs, x)) == [1]


def test_blocks_whose_activations_hold_other_numbers_are_not_looped() -> None:
    slopes = [partial(keras.ops.leaky_relu, negative_slope=slope) for slope in (0.01, 0.3)]
    assert copies(deep(*({"activation": slope} for slope in slopes))) == [1]
    objects = [keras.layers.LeakyReLU(slope) for slope in (0.01, 0.3)]
    assert copies(deep(*({"activation": one} for one in objects))) == [1]


@pytest.mark.usefixtures("float64")
def test_a_layer_that_is_called_around_a_loop_keeps_both_its_updates() -> None:
    keras.backend.clear_session(free_memory=False)
    inputs = keras.Input((6, 6, 2), name="input")
    norm = L.BatchNormalization(name="shared")
    x = norm(inputs)
    for number in range(2):
        x = own.Conv2D(2, 3, padding="same", name=f"conv_{number}")(x)
    model = keras.Model(inputs, L.Flatten()(norm(x)))
    one = network(model)
    assert copies(model) == [1, 2, 1]
    values = {owned.path: np.asarray(owned.variable, "f8") for owned in variables(model)}
    x = np.random.default_rng(0).standard_normal((8, 6, 6, 2))
    _, states, _ = one(values, x, training=True)
    _, changed = model.stateless_call(
        [values[p] for p in (o.path for o in variables(model)) if p not in one.states],
        [values[p] for p in (o.path for o in variables(model)) if p in one.states],
        x,
        training=True,
    )
    for found, expected in zip(states.values(), changed, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-11)


def test_layers_that_may_do_other_things_are_not_looped() -> None:
    class Convolution(own.Conv2D):  # type: ignore[misc]
        pass

    inputs = x = keras.Input((6, 6, 1))
    for _ in range(3):
        x = Convolution(1, 3, padding="same")(x)
    for _ in range(3):
        x = own.Conv2D(1, 3, padding="same", kernel_regularizer="l2")(x)
    x = L.Flatten()(x)
    for _ in range(3):
        x = own.Dense(4)(x)
    assert copies(keras.Model(inputs, x)) == [1]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (resnet.build({"depth": 20}, IMAGES), [1, 3, 1, 2, 1, 2, 1]),
        (resnet.build({"depth": 62}, IMAGES), [1, 10, 1, 9, 1, 9, 1]),
        (
            vgg.build({"depth": 19, "filters": 2}, DataShape((16, 16), "regression", 1)),
            [1, 3, 1, 3, 1, 4, 1],
        ),
    ],
)
def test_the_blocks_of_a_stage_are_looped(model: Any, expected: list[int]) -> None:
    assert copies(model) == expected


def test_links_lead_from_one_tensor_to_the_next() -> None:
    model = deep({}, {})
    chain = links(model)
    assert [one.start for one in chain[1:]] == [one.end for one in chain[:-1]]
    assert chain[0].start is model.inputs[0] and chain[-1].end is model.outputs[0]
    names = [[call.operation.name for call in one.calls] for one in chain]
    assert names[1] == ["conv_0", "norm_0", "dropout_0", "add_0"]
    assert names[2] == ["activation_0"]
    one, two = keras.Input((2,)), keras.Input((2,))
    assert links(keras.Model([one, two], L.Add()([one, two]))) == links(L.Dense(1)) == ()


def test_the_prefix_of_a_network_with_branches_ends_where_one_tensor_leaves_it() -> None:
    model = resnet.build({"depth": 8, "normalisation": "layer"}, IMAGES)
    changing = {id(model.get_layer("shortcut_2_1").kernel)}
    before, rest = cut(model, changing)
    # the other branch of that block trains nothing, and still belongs to the rest
    names = {layer.name for layer in before.layers}
    assert {"conv_1_1_2", "activation_1_1_2"} <= names and "conv_2_1_1" not in names
    every = {id(variable) for variable in model.variables}
    halves = [{id(variable) for variable in half.variables} for half in (before, rest)]
    assert halves[0] | halves[1] == every and not halves[0] & halves[1]
    assert cut(model, {id(model.get_layer("conv_0").kernel)}) is None
