"""Keras Tuner's HyperParameters, with somebody else answering each parameter that it meets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import keras_tuner

from hpstudy.hypermodels.base import ModelError
from hpstudy.spec.foreign import HP
from hpstudy.spec.registered import Given, Registered
from hpstudy.spec.space import Scalar

Answer = Callable[[Registered], Scalar]


class AskingHyperParameters(keras_tuner.HyperParameters):  # type: ignore[misc]
    """Gives what `answer` says for each parameter that is registered and active.

    A parameter inside a conditional scope that does not hold is registered, not asked for, and
    None, as in Keras Tuner. Raises ModelError where one name is active with two ranges.
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer
        self._active: dict[str, Registered] = {}
        self._options: tuple[Scalar, ...] = ()
        self._built = False

    def end_build(self) -> None:
        """From here on it is `fit` that asks."""
        self._built = True

    def Choice(self, name: str, values: Any, *args: Any, **options: Any) -> Any:
        # kept as given: Keras Tuner makes numbers of booleans
        with self._given(tuple(values)):
            return super().Choice(name, list(values), *args, **options)

    def _retrieve(self, hp: Any) -> Any:
        if not self.is_active(hp):
            return None if self._exists(hp.name, hp.conditions) else self._register(hp)
        asked = replace(_registered(hp, self._options), built=not self._built)
        known = self._active.get(hp.name)
        if known is None:
            value = self._answer(asked)
            self.values[hp.name] = value
            self._active[hp.name] = asked
        elif known.range != asked.range:
            raise ModelError(
                f"the hypermodel asks for {hp.name!r} twice with different ranges, "
                f"{known.words()} and {asked.words()}; give one of them another name"
            )
        if not self._exists(hp.name, hp.conditions):
            self._register(hp)
        return self.values[hp.name]

    @contextmanager
    def _given(self, options: tuple[Scalar, ...]) -> Iterator[None]:
        self._options = options
        try:
            yield
        finally:
            self._options = ()


def answered(config: Mapping[str, Any]) -> AskingHyperParameters:
    """HyperParameters with the values of a configuration.

    Raises ModelError for a parameter that the configuration does not hold.
    """

    def answer(asked: Registered) -> Scalar:
        key = f"{HP}{asked.name}"
        if key not in config:
            raise ModelError(
                f"the hypermodel asks for {asked.name!r}, which it did not when its space was "
                f"discovered; what it asks for may depend on its parameters alone"
            )
        value: Scalar = config[key]
        return value

    return AskingHyperParameters(answer)


def _registered(hp: Any, options: tuple[Scalar, ...]) -> Registered:
    conditions: Given = tuple(
        (condition.name, tuple(condition.values)) for condition in hp.conditions
    )
    said = {"name": hp.name, "default": hp.default, "conditions": conditions}
    kind = type(hp).__name__
    if kind == "Fixed":
        return Registered(kind="fixed", **said)
    if kind == "Boolean":
        return Registered(kind="choice", options=(False, True), **said)
    if kind == "Choice":
        position = hp.values.index(hp.default)
        return Registered(kind="choice", options=options, **{**said, "default": options[position]})
    whole = kind == "Int"
    step = None if whole and hp.step == 1 and hp.sampling == "linear" else hp.step
    return Registered(
        kind="int" if whole else "float",
        low=hp.min_value,
        high=hp.max_value,
        step=step,
        sampling=hp.sampling,
        **said,
    )
