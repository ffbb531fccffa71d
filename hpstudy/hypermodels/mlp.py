"""A multilayer perceptron: `depth` hidden layers of `width` units, each with its normalisation.

One hidden layer is Dense, normalisation, activation (`after_norm`) or Dense, activation,
normalisation (`before_norm`), then dropout. Inputs with several axes are flattened first; the
output is linear. A hidden Dense layer has no bias where there is a normalisation: under
`after_norm` the normalisation would take it out again, under `before_norm` it is left out so that
both placements have the same parameters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from hpstudy.hypermodels.base import settings
from hpstudy.spec.declarations import DataShape, ModelDeclaration, Parameter, Tensor
from hpstudy.spec.space import Scalar
from hpstudy.subsets.split import power_of_two

if TYPE_CHECKING:
    import keras

_NORMALISED = {"normalisation": ("batch", "layer")}

PARAMETERS = (
    Parameter("depth", "int", 2, "hidden layers", low=1, high=1000),
    Parameter("width", "int", 128, "units of each hidden layer", low=1, high=100_000),
    Parameter(
        "activation",
        "choice",
        "relu",
        "what follows each hidden Dense layer",
        options=("relu", "tanh", "gelu", "elu", "selu", "silu", "sigmoid", "leaky_relu"),
    ),
    Parameter(
        "normalisation",
        "choice",
        "batch",
        "BatchNormalization, LayerNormalization or neither in each hidden layer",
        options=("batch", "layer", "none"),
    ),
    Parameter(
        "activation_placement",
        "choice",
        "after_norm",
        "whether the activation comes before or after the normalisation",
        options=("before_norm", "after_norm"),
        when=_NORMALISED,
    ),
    Parameter(
        "norm_momentum",
        "float",
        0.9,
        "share of the old moving statistics that one step keeps",
        low=0.0,
        high=1.0,
        role="value",
        when={"normalisation": ("batch",)},
    ),
    Parameter(
        "norm_epsilon",
        "float",
        1e-5,
        "added to the variance",
        low=0.0,
        open_low=True,
        role="value",
        when=_NORMALISED,
    ),
    Parameter(
        "gamma_initializer",
        "number_or_choice",
        "ones",
        "initial gamma: a distribution or one number",
        options=("ones", "uniform", "normal"),
        role="value",
        when=_NORMALISED,
    ),
    Parameter(
        "beta_initializer",
        "number_or_choice",
        "zeros",
        "initial beta: a distribution or one number",
        options=("zeros", "ones", "uniform", "normal"),
        role="value",
        when=_NORMALISED,
    ),
    Parameter(
        "kernel_initializer",
        "choice",
        "he_normal",
        "initial kernels, the output layer's too",
        options=("he_normal", "he_uniform", "orthogonal", "binary"),
        role="value",
    ),
    Parameter(
        "dropout",
        "float",
        0.0,
        "share of each hidden layer's outputs that training drops; 0 leaves the layer out",
        low=0.0,
        high=1.0,
        open_high=True,
        role="value",
    ),
)


def tensors(config: Mapping[str, Scalar], shape: DataShape) -> tuple[Tensor, ...]:
    """The parameter tensors of the network that `build` makes, without building it.

    With I inputs, width W, depth D and O outputs: kernels I*W + (D - 1)*W*W + W*O, normalisation
    2*D*W (or hidden biases D*W where there is none), output bias O.
    """
    chosen = settings(MLP_DECLARATION, config)
    width = cast(int, chosen["width"])
    norm = {"batch": "batch", "layer": "layer"}.get(str(chosen["normalisation"]))
    fan_in = math.prod(shape.input_shape)
    found: list[Tensor] = []
    for index in range(cast(int, chosen["depth"])):
        found.append(Tensor(f"dense_{index}/kernel", (fan_in, width), "kernel"))
        if norm is None:
            found.append(Tensor(f"dense_{index}/bias", (width,), "bias"))
        else:
            kind = cast(Any, norm)
            found.append(Tensor(f"norm_{index}/gamma", (width,), "gamma", kind))
            found.append(Tensor(f"norm_{index}/beta", (width,), "beta", kind))
        fan_in = width
    found.append(Tensor("output/kernel", (fan_in, shape.outputs), "kernel", output=True))
    found.append(Tensor("output/bias", (shape.outputs,), "bias", output=True))
    return tuple(found)


def padded(config: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
    """The width as a power of two, where added units change nothing.

    Layer normalisation would count them, dropout would draw for them, and an activation that is
    not 0 at 0 would train the weights behind them.
    """
    chosen = settings(MLP_DECLARATION, config)
    if chosen["normalisation"] == "layer" or chosen["dropout"] or chosen["activation"] == "sigmoid":
        return {}
    return {"width": power_of_two(cast(int, chosen["width"]))}


def build(config: Mapping[str, Scalar], shape: DataShape) -> keras.Model:
    """The functional Keras model; nothing is compiled, and its initial values are random."""
    import keras

    from hpstudy.hypermodels import initializers, layers

    chosen = settings(MLP_DECLARATION, config)
    kernels = {
        "he_normal": initializers.HeNormal,
        "he_uniform": initializers.HeUniform,
        "orthogonal": initializers.Orthogonal,
        "binary": initializers.Binary,
    }
    kernel: Any = kernels[str(chosen["kernel_initializer"])]
    normalisation = chosen["normalisation"]
    activation = layers.tanh if chosen["activation"] == "tanh" else chosen["activation"]

    def dense(name: str, units: Any, use_bias: bool) -> Any:
        return layers.Dense(
            units,
            use_bias=use_bias,
            kernel_initializer=kernel(),
            bias_initializer=initializers.zeros(),
            name=name,
        )

    def norm(index: int) -> Any:
        options: dict[str, Any] = {
            "epsilon": chosen["norm_epsilon"],
            "gamma_initializer": _vector(chosen["gamma_initializer"]),
            "beta_initializer": _vector(chosen["beta_initializer"]),
            "name": f"norm_{index}",
        }
        if normalisation == "layer":
            return layers.LayerNormalization(**options)
        return layers.BatchNormalization(cast(float, chosen["norm_momentum"]), **options)

    inputs = keras.Input(shape.input_shape, name="input")
    x = inputs
    if len(shape.input_shape) > 1:
        x = keras.layers.Flatten(name="flatten")(x)
    for index in range(cast(int, chosen["depth"])):
        x = dense(f"dense_{index}", chosen["width"], normalisation == "none")(x)
        rest = [keras.layers.Activation(activation, name=f"activation_{index}")]
        if normalisation != "none":
            rest.append(norm(index))
        if chosen.get("activation_placement") == "after_norm":
            rest.reverse()
        if chosen["dropout"]:
            rest.append(layers.Dropout(cast(float, chosen["dropout"]), name=f"dropout_{index}"))
        for layer in rest:
            x = layer(x)
    return keras.Model(inputs, dense("output", shape.outputs, True)(x), name="mlp")


def _vector(initializer: Scalar) -> Any:
    """The initialiser of a gamma or beta: a word, or a number for a constant."""
    from hpstudy.hypermodels import initializers

    words: dict[Scalar, Any] = {
        "zeros": initializers.zeros,
        "ones": initializers.ones,
        "uniform": initializers.Uniform,
        "normal": initializers.Normal,
    }
    if initializer in words:
        return words[initializer]()
    return initializers.Constant(cast(float, initializer))


MLP_DECLARATION = ModelDeclaration(
    name="mlp",
    doc="multilayer perceptron with batch, layer or no normalisation",
    parameters=PARAMETERS,
    tensors=tensors,
    build="hpstudy.hypermodels.mlp:build",
    padded=padded,
)
