"""Compiled programs of one worker, the recent ones kept, each compiled at most once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from time import perf_counter
from typing import Any

import jax
import numpy as np

from hpstudy.engine import memory
from hpstudy.engine.cache import Entry, ProgramCache
from hpstudy.engine.network import Arrays
from hpstudy.engine.program import (
    Carry,
    Data,
    Order,
    Run,
    Signature,
    Values,
    predict_function,
    prefix_function,
    train_function,
    validate_function,
)
from hpstudy.engine.setup import Built

_KEPT = 6  # executables a worker keeps, up to three of a program; loading one again takes 10 ms
_SWEEP = 4  # compilations after which the memory they left behind is given back


@dataclass(frozen=True)
class Program:
    """The executables of one signature.

    `prefix` computes what lies before the first trained entry, from the values at `before`; both
    are None where the program has none.
    """

    train: Any
    validate: Any
    prefix: Any
    before: tuple[str, ...] | None

    def after_prefix(self, run: Run, data: Data) -> Data:
        """The data that the program's epochs take: behind the prefix where there is one."""
        if self.before is None:
            return data
        x, x_val = self.prefix(values_at(run, self.before), data.x, data.x_val)
        return data._replace(x=x, x_val=x_val)

    def epoch(self, carry: Carry, run: Run, data: Data, order: Order) -> tuple[Carry, Any]:
        """Train an epoch and validate: the new carry, and both rows as float64."""
        carry, trained = self.train(carry, run, data, order)
        validated = self.validate(Values.of(carry, run), data)
        return carry, np.concatenate([trained, validated], dtype=np.float64)


class Programs:
    """Finds, loads or compiles programs; `seconds` is the time that this worker spent on that."""

    def __init__(self, cached: ProgramCache) -> None:
        self.cache = cached
        self._kept: OrderedDict[str, Entry] = OrderedDict()
        self._compiled = 0
        self.seconds = 0.0

    def of(self, signature: Signature, build: Callable[[], Built], inputs: Any) -> Program:
        """The program of `signature`; `inputs` are (carry, run, data, order) of its shapes.

        `build` is called only where something is compiled.
        """
        carry, run, data, order = inputs
        built = cache(build)

        def train() -> Entry:
            function = train_function(built().rest, signature)
            inputs = carry, run, behind(built(), run, data), order
            return Entry(compiled(function, *inputs), {"before": before_paths(built())})

        trained = self.entry(f"train {signature.key}", train)
        before: tuple[str, ...] | None = trained.facts["before"]
        key = signature.validation_key(rest=before is not None)

        def validate() -> Entry:
            function = validate_function(built().rest, signature)
            return Entry(compiled(function, Values.of(carry, run), behind(built(), run, data)))

        def prefix() -> Entry:
            return Entry(compiled(*prefix_inputs(built(), run), data.x, data.x_val))

        validated = self.entry(f"validate {key}", validate)
        prefixed = None if before is None else self.entry(f"prefix {key}", prefix).call
        return Program(trained.call, validated.call, prefixed, before)

    def predict(
        self, signature: Signature, build: Callable[[], Built], values: Values, x: Any
    ) -> Any:
        """The whole network in inference mode for (values, x) of these shapes."""
        key = f"predict {signature.validation_key(rest=False)} {x.shape}"
        return self.entry(
            key, lambda: Entry(compiled(predict_function(build().network), values, x))
        ).call

    def entry(self, key: str, compile_it: Callable[[], Entry]) -> Entry:
        """The entry of `key`: held, loaded, or else what `compile_it` compiles."""
        if key not in self._kept:
            began = perf_counter()
            try:
                self._kept[key] = self.cache.entry(key, lambda: self._fresh(compile_it))
            finally:
                self.seconds += perf_counter() - began
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def _fresh(self, compile_it: Callable[[], Entry]) -> Entry:
        made = compile_it()
        self._compiled += 1
        if self._compiled == 1:
            memory.settle()
        elif self._compiled % _SWEEP == 0:
            memory.release()
        return made


def before_paths(built: Built) -> tuple[str, ...] | None:
    """The paths of the values that the prefix takes, or None without one."""
    return None if built.before is None else (*built.before.parameters, *built.before.inputs)


def prefix_inputs(built: Built, run: Run) -> tuple[Callable[..., Any], Arrays]:
    """The prefix as a function of (values, x, chunked x), and its values."""
    assert built.before is not None
    return prefix_function(built.before), values_at(run, before_paths(built) or ())


def behind(built: Built, run: Run, data: Data) -> Data:
    """The data, or their shapes behind the prefix where there is one."""
    if built.before is None:
        return data
    x, x_val = jax.eval_shape(*prefix_inputs(built, run), data.x, data.x_val)
    return Data(x, data.y, x_val, data.y_val, data.w_val)


def values_at(run: Run, paths: tuple[str, ...]) -> Arrays:
    """A run's frozen values and inputs at `paths`."""
    known = {**run.base, **run.inputs}
    return {path: known[path] for path in paths}


def compiled(function: Callable[..., Any], *inputs: Any, donated: tuple[int, ...] = ()) -> Any:
    """`function` compiled for inputs of these shapes; it takes the memory of those `donated`."""
    return jax.jit(function, donate_argnums=donated).lower(*inputs).compile()
