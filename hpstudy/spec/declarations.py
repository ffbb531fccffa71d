"""What a registry entry declares about itself: plain data, no Keras, no import from above."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hpstudy.spec.space import Condition, Config, Scalar
from hpstudy.spec.study import Cell


@dataclass(frozen=True)
class Parameter:
    """One setting: its type, what is allowed, its default, and when it exists.

    `role` is 'structure' where another value is another traced computation, and 'value' where it
    is an input of the compiled program. A default of None means that there is none: the study
    file must say. Kind 'flag' is true or false, 'numbers' a tuple of numbers, 'text' any word,
    'any' any plain value. An 'int' with a `step` takes `low`, `low + step` and so on. `when` names
    other settings of the same section, without the section's name.
    """

    name: str
    kind: Literal[
        "int",
        "float",
        "flag",
        "choice",
        "int_or_choice",
        "ints_or_choice",
        "number_or_choice",
        "numbers",
        "text",
        "any",
    ]
    default: Scalar
    doc: str
    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False
    options: tuple[Scalar, ...] = ()
    role: Literal["structure", "value"] = "structure"
    when: Condition = field(default_factory=dict)
    step: int = 1

    def around(self, value: float) -> tuple[int, ...]:
        """The allowed numbers beside one that lies between two steps; none for one on a step."""
        low = int(self.low or 0)
        below = low + int(value - low) // self.step * self.step
        return () if low <= below == value else (max(below, low), max(below + self.step, low))


@dataclass(frozen=True)
class Tensor:
    """A parameter tensor as subset rules see it.

    `path` is '<layer>/<variable>'. `role` is kernel, bias, gamma, beta or other; `norm` says which
    normalisation a gamma or beta belongs to; `output` marks the output layer's own tensors,
    `shortcut` those of a convolution on a shortcut. Kernels hold one unit for each index of the
    last axis; the rest is the unit's fan-in. An example meets a convolution's kernel at `places`
    places, which is no part of what a tensor is. `trainable` is what the model itself says.
    """

    path: str
    shape: tuple[int, ...]
    role: Literal["kernel", "bias", "gamma", "beta", "other"]
    norm: Literal["batch", "layer", None] = None
    output: bool = False
    shortcut: bool = False
    trainable: bool = True
    places: int = field(default=1, compare=False)


@dataclass(frozen=True)
class DataShape:
    """What a model needs to know of the data: one example's shape, the task, the output width."""

    input_shape: tuple[int, ...]
    task: Literal["classification", "regression"]
    outputs: int


def unpadded(config: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
    """Nothing may be rounded up."""
    return {}


@dataclass(frozen=True)
class ModelDeclaration:
    """An architecture: its settings, and its tensors as a function of them.

    `build` names 'module:function' with the signature (config, DataShape) -> keras.Model, where
    config is keyed by the bare parameter names. `padded` gives the settings that may be rounded up
    without a change in what the network computes, with their rounded values: units whose weights
    in and out are zero must pass nothing on and stay zero in training.
    """

    name: str
    doc: str
    parameters: tuple[Parameter, ...]
    tensors: Callable[[Mapping[str, Scalar], DataShape], tuple[Tensor, ...]]
    build: str
    padded: Callable[[Mapping[str, Scalar]], Mapping[str, Scalar]] = unpadded


@dataclass(frozen=True)
class DatasetDeclaration:
    """A data set: where it comes from and what it looks like, known without loading it.

    `load` names 'module:function' with the signature (options) -> hpstudy.data.Examples. `find`
    names one without parameters that raises MissingPackage, as `load` does, where the files are not
    on this machine; it is empty where they always are.
    `shape`, `examples` and `official_test` are None where only the user's file tells.
    """

    name: str
    doc: str
    load: str
    shape: DataShape | None
    examples: int | None
    official_test: int | None = None
    options: tuple[Parameter, ...] = ()
    find: str = ""


@dataclass(frozen=True)
class DriverDeclaration:
    """What proposes trials: its samplers and pruners, each a name and one line about it.

    `word` is what the study file calls its samplers, `default` the one where nobody says.
    """

    name: str
    doc: str
    samplers: Mapping[str, str]
    pruners: Mapping[str, str]
    build: str
    # called at validation with (sampler, pruner); returns the command that installs what is missing
    missing: Callable[[str, str], str | None] = lambda sampler, pruner: None
    # called at validation with ('sampler' or 'pruner', name, the options that stand in its
    # mapping, as in `pruner: {asha: {factor: 4}}`); raises HpstudyError for what it does not take
    check: Callable[[str, str, Mapping[str, Scalar]], object] = lambda kind, name, given: None
    word: str = "sampler"
    default: str = "tpe"
    # the samplers that can look for several objectives at once
    several: tuple[str, ...] = ()
    # called with a cell that is right in itself and the study's `engine:` settings; why the driver
    # cannot search it, or None
    refuses: Callable[[Cell, Mapping[str, Any]], str | None] = lambda cell, engine: None
    # called with a cell; what of its search ('pruner' or the driver's `word`) does nothing there,
    # and why, or None
    idle: Callable[[Cell], tuple[str, str] | None] = lambda cell: None


@dataclass(frozen=True)
class Registries:
    """Every registry that a study file may name an entry of."""

    datasets: Mapping[str, DatasetDeclaration]
    hypermodels: Mapping[str, ModelDeclaration]
    subsets: Mapping[str, str]
    drivers: Mapping[str, DriverDeclaration]


def defaults(parameters: tuple[Parameter, ...]) -> Config:
    """Name -> default, without those that have none."""
    return {p.name: p.default for p in parameters if p.default is not None}
