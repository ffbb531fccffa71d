"""What hidden layers share over architectures: settings, and normalisation around an activation.

A block is a product (Dense or convolution), normalisation, activation (`after_norm`) or product,
activation, normalisation (`before_norm`), then dropout. The product has no bias where there is a
normalisation: under `after_norm` the normalisation would take it out again, under `before_norm` it
is left out so that both placements have the same parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, cast

from hpstudy.spec.declarations import Parameter, Tensor
from hpstudy.spec.space import Scalar

_NORMALISED = {"normalisation": ("batch", "layer")}

PARAMETERS = (
    Parameter(
        "activation",
        "choice",
        "relu",
        "what follows each hidden layer",
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


def product_tensors(
    chosen: Mapping[str, Scalar],
    name: str,
    place: int | str,
    kernel: tuple[int, ...],
    shortcut: bool = False,
    places: int = 1,
) -> Iterator[Tensor]:
    """The tensors of a block: `kernel`, then gamma and beta, or a bias where nothing normalises."""
    yield Tensor(f"{name}/kernel", kernel, "kernel", shortcut=shortcut, places=places)
    if chosen["normalisation"] == "none":
        yield Tensor(f"{name}/bias", kernel[-1:], "bias", shortcut=shortcut)
    yield from norm_tensors(chosen, place, kernel[-1])


def norm_tensors(chosen: Mapping[str, Scalar], place: int | str, units: int) -> Iterator[Tensor]:
    """Gamma and beta of a normalisation, or nothing where nothing normalises."""
    if chosen["normalisation"] == "none":
        return
    kind = cast(Literal["batch", "layer"], chosen["normalisation"])
    yield Tensor(f"norm_{place}/gamma", (units,), "gamma", kind)
    yield Tensor(f"norm_{place}/beta", (units,), "beta", kind)


def output_tensors(fan_in: int, outputs: int) -> Iterator[Tensor]:
    """Kernel and bias of the linear output layer."""
    yield Tensor("output/kernel", (fan_in, outputs), "kernel", output=True)
    yield Tensor("output/bias", (outputs,), "bias", output=True)


class Blocks:
    """Makes the Keras layers of blocks from an architecture's settings."""

    def __init__(self, chosen: Mapping[str, Scalar]) -> None:
        self.chosen = chosen

    @property
    def biased(self) -> bool:
        """Whether a block's product has a bias."""
        return self.chosen["normalisation"] == "none"

    def product(self) -> dict[str, Any]:
        """What Dense layers and convolutions are given: initialisers, and the bias."""
        from hpstudy.hypermodels import initializers

        kernels = {
            "he_normal": initializers.HeNormal,
            "he_uniform": initializers.HeUniform,
            "orthogonal": initializers.Orthogonal,
            "binary": initializers.Binary,
        }
        return {
            "use_bias": self.biased,
            "kernel_initializer": kernels[str(self.chosen["kernel_initializer"])](),
            "bias_initializer": initializers.zeros(),
        }

    def dense(self, x: Any, name: str, units: Any, use_bias: bool | None = None) -> Any:
        """A Dense product; without `use_bias` it has one where a block's product has."""
        from hpstudy.hypermodels import layers

        options = self.product() if use_bias is None else {**self.product(), "use_bias": use_bias}
        return layers.Dense(units, name=name, **options)(x)

    def output(self, x: Any, units: int) -> Any:
        """The linear output layer, which always has a bias."""
        return self.dense(x, "output", units, use_bias=True)

    def convolution(
        self, x: Any, name: str, filters: Any, size: int, shortcut: bool = False, **options: Any
    ) -> Any:
        """A convolution over square windows; `options` are strides and padding."""
        from hpstudy.hypermodels import layers

        kind = layers.ShortcutConv2D if shortcut else layers.Conv2D
        return kind(filters, size, name=name, **options, **self.product())(x)

    def around(self, x: Any, place: int | str) -> Any:
        """Normalisation and activation in their order, then dropout."""
        steps = [self.normalised, self.activated]
        if self.chosen.get("activation_placement") == "before_norm":
            steps.reverse()
        for step in (*steps, self.dropped):
            x = step(x, place)
        return x

    def activated(self, x: Any, place: int | str) -> Any:
        import keras

        from hpstudy.hypermodels import activations

        activation = str(self.chosen["activation"])
        function = {"relu": activations.relu, "tanh": activations.tanh}.get(activation, activation)
        return keras.layers.Activation(function, name=f"activation_{place}")(x)

    def normalised(self, x: Any, place: int | str) -> Any:
        """`x` normalised, or as it is where nothing normalises."""
        from hpstudy.hypermodels import layers

        chosen = self.chosen
        if self.biased:
            return x
        options: dict[str, Any] = {
            "epsilon": chosen["norm_epsilon"],
            "gamma_initializer": _vector(chosen["gamma_initializer"]),
            "beta_initializer": _vector(chosen["beta_initializer"]),
            "name": f"norm_{place}",
        }
        if chosen["normalisation"] == "layer":
            return layers.LayerNormalization(**options)(x)
        return layers.BatchNormalization(cast(float, chosen["norm_momentum"]), **options)(x)

    def dropped(self, x: Any, place: int | str, setting: str = "dropout") -> Any:
        """`x` behind a Dropout layer, or as it is where the rate in `setting` is zero."""
        from hpstudy.hypermodels import layers

        if not self.chosen[setting]:
            return x
        rate = cast(float, self.chosen[setting])
        return layers.Dropout(rate, name=f"{setting}_{place}")(x)


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
