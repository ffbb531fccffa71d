"""The network that the other tools train: plain Keras layers, trained by `model.fit`."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from hpstudy.bench.configurations import Configuration
from hpstudy.subsets.constraint import KeepFrozen

PER_UNIT = 2


def compiled(one: Configuration, shape: tuple[int, ...], outputs: int, **options: Any) -> Any:
    """A compiled MLP: Dense without bias, BatchNormalization, relu; linear output.

    Of 'batchnorm' gamma and beta train, of 'random' two weights of each hidden unit; batch
    statistics stay live in both.
    """
    he_normal = keras.initializers.HeNormal
    inputs = keras.Input(shape)
    x = keras.layers.Flatten()(inputs)
    hidden, norms = [], []
    for _ in range(one.depth):
        hidden.append(keras.layers.Dense(one.width, use_bias=False, kernel_initializer=he_normal()))
        norms.append(keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5))
        x = keras.layers.Activation("relu")(norms[-1](hidden[-1](x)))
    output = keras.layers.Dense(outputs, kernel_initializer=he_normal())
    model = keras.Model(inputs, output(x))
    kept = {"batchnorm": norms, "random": hidden}.get(one.subset, [*hidden, *norms, output])
    for layer in (*hidden, *norms, output):
        for variable in layer.trainable_variables:
            variable.trainable = layer in kept
    if one.subset == "random":
        drawn = np.random.default_rng(1)
        for layer in hidden:
            _train_some(layer.kernel, drawn)
    model.compile(
        optimizer=keras.optimizers.SGD(one.learning_rate, momentum=0.9),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        **options,
    )
    return model


def _train_some(kernel: Any, drawn: np.random.Generator) -> None:
    """Let two weights of each unit train: a mask over the whole kernel, no loop over units."""
    fan_in, units = kernel.shape
    rows = np.argsort(drawn.random((fan_in, units)), axis=0)[:PER_UNIT]
    flat = np.sort((rows * units + np.arange(units)).ravel())
    values = keras.ops.convert_to_numpy(kernel.value)
    kernel.constraint = KeepFrozen.around(values, flat, None)
