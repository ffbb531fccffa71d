"""Subsets on plain Keras models: which tensors are found, and what training leaves untouched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from hpstudy.spec.declarations import Tensor
from hpstudy.subsets.constraint import KeepFrozen
from hpstudy.subsets.keras import apply, tensors, variables
from hpstudy.subsets.rules import Rule, RuleError, count, select

L = keras.layers
OPTIMIZERS = {
    "momentum": lambda: keras.optimizers.SGD(0.3, momentum=0.9),
    "decay": lambda: keras.optimizers.SGD(0.3, momentum=0.9, weight_decay=0.1),
    "adam": lambda: keras.optimizers.Adam(0.05),
    "adamw": lambda: keras.optimizers.AdamW(0.05, weight_decay=0.1),
}


def foreign() -> Any:
    """A functional model with two inputs that nobody designed for subsets."""
    image, facts = keras.Input((6, 6, 1), name="image"), keras.Input((5,), name="facts")
    x = L.Conv2D(3, 3, name="conv")(image)
    x = L.BatchNormalization(name="bn")(x)
    x = L.ReLU(name="relu")(x)
    x = L.GlobalAveragePooling2D(name="pool")(x)
    shared = L.Dense(4, name="shared", kernel_constraint=keras.constraints.MaxNorm(1.0))
    a = L.LayerNormalization(name="ln")(shared(facts))
    b = L.BatchNormalization(name="bn_b")(shared(L.Dense(5, name="other")(facts)))
    x = L.Concatenate(name="join")([x, a, b])
    outputs = L.Softmax(name="softmax")(L.Dense(2, name="head")(x))
    return keras.Model([image, facts], outputs, name="foreign")


def examples() -> tuple[list[Any], Any]:
    draw = np.random.default_rng(0)
    x = [draw.normal(size=(32, 6, 6, 1)), draw.normal(size=(32, 5))]
    return [part.astype("float32") for part in x], draw.integers(0, 2, 32)


def values(model: Any) -> dict[str, Any]:
    return {v.path: keras.ops.convert_to_numpy(v.variable.value) for v in variables(model)}


def table(model: Any) -> dict[str, Tensor]:
    return {tensor.path: tensor for tensor in tensors(model)}


def train(model: Any, optimizer: Any, epochs: int = 2) -> None:
    x, y = examples()
    model.compile(optimizer, "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=16, epochs=epochs, verbose=0)


def assert_only_selected_changed(before: Any, model: Any, selection: Any) -> None:
    after = values(model)
    for path, chosen in selection.items():
        frozen = np.ones(before[path].size, bool)
        frozen[slice(None) if isinstance(chosen, str) and chosen == "all" else []] = False
        if not isinstance(chosen, str):
            frozen[chosen] = False
        old, new = before[path].reshape(-1), after[path].reshape(-1)
        np.testing.assert_array_equal(old[frozen].view("u4"), new[frozen].view("u4"), path)
        if not frozen.all():
            assert (old[~frozen] != new[~frozen]).mean() > 0.5, path


def test_the_tensors_of_a_functional_model() -> None:
    model = foreign()
    found = tensors(model)
    assert [t.shape for t in found] == [tuple(v.shape) for v in model.trainable_variables]
    assert {t.path: (t.role, t.norm, t.output) for t in found} == {
        "conv/kernel": ("kernel", None, False),
        "conv/bias": ("bias", None, False),
        "bn/gamma": ("gamma", "batch", False),
        "bn/beta": ("beta", "batch", False),
        "other/kernel": ("kernel", None, False),
        "other/bias": ("bias", None, False),
        "shared/kernel": ("kernel", None, False),
        "shared/bias": ("bias", None, False),
        "ln/gamma": ("gamma", "layer", False),
        "ln/beta": ("beta", "layer", False),
        "bn_b/gamma": ("gamma", "batch", False),
        "bn_b/beta": ("beta", "batch", False),
        "head/kernel": ("kernel", None, True),
        "head/bias": ("bias", None, True),
    }


def test_flags_that_are_off_hide_nothing() -> None:
    model, expected = foreign(), tensors(foreign())
    model.get_layer("conv").trainable = False
    model.get_layer("bn").gamma.trainable = False
    found = tensors(model)
    off = {one.path for one in found if not one.trainable}
    assert {"conv/kernel", "bn/gamma"} <= off
    assert tuple(replace(one, trainable=True) for one in found) == expected


def test_every_variable_has_a_path_of_its_own() -> None:
    def part() -> Any:
        block = keras.Sequential(
            [L.Dense(4, name="dense"), L.Dropout(0.5, name="drop")], name="block"
        )
        block.build((None, 4))
        return block

    inputs = keras.Input((4,))
    one, two = part(), part()
    two.name = "again"
    model = keras.Model(inputs, L.Dense(2, name="head")(two(one(inputs))))
    assert [one.path for one in variables(model)] == [
        "block/dense/kernel",
        "block/dense/bias",
        "block/drop/seed_generator_state",
        "again/dense/kernel",
        "again/dense/bias",
        "again/drop/seed_generator_state",
        "head/kernel",
        "head/bias",
    ]


class Subclassed(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(name="subclassed")
        self.blocks = [L.Dense(4, name="same"), L.Dense(4, name="same")]
        self.head = L.Dense(3, name="head")
        self.norm = L.BatchNormalization(name="norm")

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        for block in self.blocks:
            inputs = block(inputs)
        return self.head(self.norm(inputs, training=training))


def test_a_subclassed_model_with_equal_names() -> None:
    model = Subclassed()
    with pytest.raises(RuleError, match="build it first"):
        tensors(model)
    model(np.zeros((2, 4), "float32"))
    found = table(model)
    assert len(found) == len(model.trainable_variables)
    assert {"same/kernel", "same_1/kernel"} < found.keys()
    assert [path for path, tensor in found.items() if tensor.output] == ["head/kernel", "head/bias"]


def test_output_layers_lie_behind_the_output() -> None:
    inputs = keras.Input((4,))
    x = L.Dense(4, name="hidden")(inputs)
    a, b = L.Dense(3, name="a")(x), L.Dense(3, name="b")(x)
    late = L.Dense(3, name="unrelated")(x)
    model = keras.Model(inputs, [L.Add()([a, b]), L.BatchNormalization(name="bn")(a)])
    two = keras.Model(inputs, [a, late])
    nested = keras.Sequential(
        [L.Dense(4, name="first"), keras.Sequential([L.Dense(2, name="last")])]
    )
    nested.build((None, 4))
    for built, expected in ((model, {"a", "b"}), (two, {"a", "unrelated"}), (nested, {"last"})):
        assert {path.split("/")[-2] for path, t in table(built).items() if t.output} == expected


def test_only_unit_last_kernels_are_kernels() -> None:
    inputs = keras.Input((6, 6, 2))
    x = L.DepthwiseConv2D(3, name="depthwise")(inputs)
    x = L.Conv2DTranspose(4, 3, name="transposed")(x)
    x = L.GroupNormalization(2, name="group")(x)
    model = keras.Model(inputs, L.Dense(2, name="head")(L.Flatten()(x)))
    assert {path: t.role for path, t in table(model).items()} == {
        "depthwise/kernel": "other",
        "depthwise/bias": "bias",
        "transposed/kernel": "other",
        "transposed/bias": "bias",
        "group/gamma": "gamma",
        "group/beta": "beta",
        "head/kernel": "kernel",
        "head/bias": "bias",
    }


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_frozen_entries_are_bit_equal_after_training(optimizer: str) -> None:
    model, rule = foreign(), Rule("gamma+output+random", fraction=0.4)
    selection = select(rule, tensors(model), 5)
    before = values(model)
    apply(model, selection)
    train(model, OPTIMIZERS[optimizer]())
    assert_only_selected_changed(before, model, selection)
    for path in ("bn/moving_mean", "bn/moving_variance", "bn_b/moving_mean"):
        assert not np.array_equal(before[path], values(model)[path])


def test_whole_frozen_layers_are_switched_on_first() -> None:
    model = foreign()
    model.trainable = False
    before = values(model)
    selection = select(Rule("beta"), tensors(model), 5)
    apply(model, selection)
    train(model, OPTIMIZERS["adam"]())
    assert_only_selected_changed(before, model, selection)
    assert not np.array_equal(before["bn/moving_mean"], values(model)["bn/moving_mean"])


def test_applying_again_starts_afresh() -> None:
    model = foreign()
    apply(model, select(Rule("random", per_unit=2), tensors(model), 5))
    train(model, OPTIMIZERS["adam"]())
    selection = select(Rule("all-output"), tensors(model), 5)
    before = values(model)
    apply(model, selection)
    assert not any(isinstance(v.constraint, KeepFrozen) for v in model.trainable_variables)
    train(model, OPTIMIZERS["adam"]())
    assert_only_selected_changed(before, model, selection)


def test_a_constraint_of_the_model_still_holds() -> None:
    model = foreign()
    kernel = model.get_layer("shared").kernel
    selection = select(Rule("random", per_unit=3), tensors(model), 5)
    before = values(model)
    apply(model, selection)
    constraint = kernel.constraint
    assert isinstance(constraint, KeepFrozen)
    assert isinstance(constraint.then, keras.constraints.MaxNorm)
    moved = np.asarray(constraint(keras.ops.convert_to_tensor(np.full((5, 4), 7.0, "float32"))))
    mask = np.zeros(20, bool)
    mask[selection["shared/kernel"]] = True
    np.testing.assert_array_equal(
        moved.reshape(-1)[~mask], before["shared/kernel"].reshape(-1)[~mask]
    )
    np.testing.assert_allclose(moved.reshape(-1)[mask], 1 / np.sqrt(5), rtol=1e-4)


def test_the_constraint_is_rebuilt_from_its_config() -> None:
    frozen = np.array([[1.5, -0.0], [2.0, 3.0]], "float32")
    one = KeepFrozen.around(frozen, np.array([1, 2]), keras.constraints.NonNeg())
    two = keras.constraints.deserialize(keras.constraints.serialize(one))
    given = keras.ops.convert_to_tensor(np.array([[9.0, 8.0], [-7.0, 6.0]], "float32"))
    expected = np.array([[1.5, 8.0], [0.0, 3.0]], "float32")
    for constraint in (one, two):
        np.testing.assert_array_equal(np.asarray(constraint(given)), expected)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
def test_a_trained_model_survives_saving(tmp_path: Path) -> None:
    model = foreign()
    apply(model, select(Rule("random", per_unit=2), tensors(model), 5))
    train(model, OPTIMIZERS["momentum"](), epochs=1)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    x, _ = examples()
    np.testing.assert_array_equal(model.predict(x, verbose=0), loaded.predict(x, verbose=0))


def test_keras_counts_whole_tensors_where_ours_counts_entries() -> None:
    model, rule = foreign(), Rule("random", per_unit=2)
    apply(model, select(rule, tensors(model), 5))
    assert count(rule, tensors(model)).trained == 2 * (3 + 4 + 5)
    assert sum(v.value.size for v in model.trainable_variables) == 27 + 20 + 25


def test_another_models_selection_is_refused() -> None:
    other = keras.Sequential([keras.Input((3,)), L.Dense(2, name="dense")])
    with pytest.raises(RuleError, match="another network's"):
        apply(foreign(), select(Rule("all"), tensors(other), 0))
