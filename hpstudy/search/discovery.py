"""One trial of somebody else's hypermodel, whose space is known only by running it.

A worker builds the model; each parameter that it meets for the first time comes here and is
answered, by the study file where that names it, else by the driver. What a worker found is kept
with the trial, so that a resumed search asks the driver the same again without a worker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hpstudy.spec.foreign import HP
from hpstudy.spec.growth import value_as_json
from hpstudy.spec.layers import conditions
from hpstudy.spec.registered import Registered
from hpstudy.spec.space import (
    Choice,
    Config,
    FloatRange,
    IntRange,
    Proposal,
    Range,
    Scalar,
    resolve,
)
from hpstudy.spec.study import Cell
from hpstudy.spec.training import TRAINING

Ask = Callable[[str, Range], Scalar]
# the names that drivers were asked under so far, with their ranges in words
Names = dict[str, str]


@dataclass(frozen=True)
class Found:
    """What a worker found of a trial by building and `fit`ting without training.

    `training` holds settings that the hypermodel itself decides; `reason` says what was raised.
    What was `lost` with its worker may not have been asked all, and says nothing of the hypermodel
    where that was `earlier`, in another process than this one.
    """

    training: Config
    counts: Mapping[str, int]
    reason: str | None = None
    lost: bool = False
    earlier: bool = False

    @property
    def again(self) -> bool:
        """Whether what is not known of the trial may be asked for once more."""
        return self.lost and self.earlier


class Discovery:
    """A trial in the making; its declared ranges are answered at once, the others as they come."""

    def __init__(self, number: int, cell: Cell, ask: Ask | None, names: Names) -> None:
        """Without `ask` the hypermodel's own defaults are taken."""
        self.number, self.cell = number, cell
        self.space: list[dict[str, Any]] = []
        self._ask, self._names = ask, names
        own = {key: value for key, value in cell.settings.items() if not key.startswith(HP)}
        declared = resolve(own, cell.conditions, ask or _nothing)
        self.params, self.config = dict(declared.params), dict(declared.config)

    def answer(self, asked: Registered) -> Scalar:
        """The value of a parameter that the hypermodel has registered and that is active."""
        key = f"{HP}{asked.name}"
        given, question = self.cell.settings.get(key), asked.question
        shown: Range | None = None
        value: Scalar
        if isinstance(given, IntRange | FloatRange | Choice):
            shown = given
            value = self._asked(key, given, str(given))
        elif key in self.cell.settings:
            value = given
        elif question is None or self._ask is None:
            value = asked.default
        else:
            shown = asked.shown
            value = asked.value(self._asked(key, question, asked.words()))
        if shown is not None:
            words = asked.words() if given is None else str(given)
            self.params[self._name(key, words)] = value
        self.config[key] = value
        self.space.append({**asked.as_json(), "range": value_as_json(shown)})
        return value

    def again(self, space: Iterable[Mapping[str, Any]]) -> None:
        """Answer what a stored trial was asked."""
        for said in space:
            own = {key: value for key, value in said.items() if key != "range"}
            self.answer(Registered.of(own))

    def proposal(self, training: Config) -> Proposal:
        """The full configuration: with what the hypermodel decides, and the defaults of the rest.

        `training` is what it decides; of what nobody says the declared default holds.
        """
        given: Config = {**self.config, **training}
        every: Config = {f"training.{p.name}": p.default for p in TRAINING if p.default is not None}
        config = resolve({**every, **given}, conditions("training", TRAINING), _nothing).config
        return Proposal(self.params, {**config, **given})

    def _asked(self, key: str, question: Range, words: str) -> Scalar:
        assert self._ask is not None
        return self._ask(self._name(key, words), question)

    def _name(self, key: str, words: str) -> str:
        """The key; a range that differs from the first one under the key has its own name."""
        return key if self._names.setdefault(key, words) == words else f"{key}[{words}]"


def _nothing(name: str, value: Range) -> Scalar:
    raise AssertionError(f"{name} has a range and nobody to answer it")
