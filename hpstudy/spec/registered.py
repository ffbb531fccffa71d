"""A parameter as a Keras Tuner hypermodel registers it, and as a question to a driver.

Keras Tuner's ranges hold what ours do not: an upper end between two steps, a step that multiplies
on a log scale, a log scale seen from the other end. Each becomes a plain range to ask a driver
for, and the driver's answer becomes a value that Keras Tuner itself could have drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from hpstudy.spec.space import Choice, FloatRange, IntRange, Range, Scalar

Given = tuple[tuple[str, tuple[Scalar, ...]], ...]


@dataclass(frozen=True)
class Registered:
    """One registration: `name` with its name scopes, and the conditions under which it exists.

    `built` is whether `build` asks for it, rather than what comes after.
    """

    name: str
    kind: Literal["int", "float", "choice", "fixed"]
    default: Scalar
    low: float = 0
    high: float = 0
    step: float | None = None
    sampling: Literal["linear", "log", "reverse_log"] = "linear"
    options: tuple[Scalar, ...] = ()
    conditions: Given = ()
    built: bool = True

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Registered:
        """The registration that `as_json` wrote."""
        conditions = tuple((name, tuple(values)) for name, values in said["conditions"])
        default = said["default"]
        return cls(
            **{
                **said,
                "default": tuple(default) if isinstance(default, list) else default,
                "options": tuple(said["options"]),
                "conditions": conditions,
            }
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def range(self) -> tuple[Any, ...]:
        """What must be equal where one name is registered again."""
        return self.kind, self.low, self.high, self.step, self.sampling, self.options

    @property
    def question(self) -> Range | None:
        """The range to ask a driver for; None for a fixed value."""
        if self.kind == "fixed":
            return None
        if self.kind == "choice":
            return Choice(self.options)
        if self._multiplies:
            return IntRange(0, self._factors)
        return self._plain(self.sampling != "linear")

    def value(self, answer: Scalar) -> Scalar:
        """The parameter's value for a driver's answer to `question`."""
        if self.kind in ("choice", "fixed"):
            return answer
        assert isinstance(answer, int | float)
        number = float(answer)
        if self._multiplies:
            assert self.step is not None
            number = self.low * self.step**number
        if self.sampling == "reverse_log":
            number = self.low + self.high - number
        # a power such as 0.001 * 10.0 ** 4 may end a hair beyond the range
        number = min(max(number, self.low), self.high)
        return math.floor(number + 1e-9) if self.kind == "int" else number

    @property
    def shown(self) -> Range | None:
        """The range as a reader sees it: in the parameter's own values."""
        if self.kind in ("choice", "fixed"):
            return self.question
        return self._plain(self.sampling == "log")

    @property
    def _multiplies(self) -> bool:
        return self.step is not None and self.sampling != "linear"

    @property
    def _factors(self) -> int:
        """The largest k for which low * step ** k is inside the range."""
        assert self.step is not None
        return int(math.log(self.high / self.low, self.step) + 1e-8)

    def _plain(self, log: bool) -> Range:
        step = None if self._multiplies or self.sampling != "linear" else self.step
        if self.kind == "int":
            return IntRange(int(self.low), int(self.high), log, int(step or 1))
        return FloatRange(float(self.low), float(self.high), log, step)

    def words(self) -> str:
        """The range in a few words, which tell it from others of the same name."""
        if self.kind in ("choice", "fixed"):
            return "|".join(map(str, self.options or (self.default,)))
        scale = "" if self.sampling == "linear" else f" {self.sampling}"
        step = "" if self.step in (None, 1) else f" step {self.step:g}"
        return f"{self.low:g}..{self.high:g}{step}{scale}"
