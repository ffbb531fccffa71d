"""Compiled programs of one worker, the recent ones kept, each compiled at most once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import jax

from hpstudy.engine import memory
from hpstudy.engine.cache import CompilationCache
from hpstudy.engine.program import (
    Signature,
    epoch_function,
    predict_function,
    prefix_function,
)
from hpstudy.engine.setups import Built

_KEPT = 24  # programs a worker keeps; an MLP's takes about 2 MiB
_SWEEP = 4  # compilations after which the memory they left behind is given back


@dataclass(frozen=True)
class Prefix:
    """Computes what lies before the first trained entry, from the values at `paths`."""

    call: Any
    paths: tuple[str, ...]


@dataclass
class Program:
    """The executables of one signature; `prefix` exists where it is needed."""

    epoch: Any
    prefix: Prefix | None = None


class Programs:
    """Finds or compiles programs; `seconds` is the time that this worker spent on that."""

    def __init__(self, cache: CompilationCache) -> None:
        self._cache = cache
        self._programs: OrderedDict[str, Program] = OrderedDict()
        self._others: OrderedDict[str, Any] = OrderedDict()
        self._compiled = 0
        self.seconds = 0.0

    def epoch(self, signature: Signature, build: Callable[[], Built], inputs: Any) -> Program:
        """The program of `signature`; `inputs` are (carry, run, data, order) of its shapes."""
        program = self._programs.get(signature.key)
        if program is None:
            program = self._timed(signature.key, lambda: _compile_epoch(signature, build(), inputs))
            self._programs[signature.key] = program
            if len(self._programs) > _KEPT:
                self._programs.popitem(last=False)
        self._programs.move_to_end(signature.key)
        return program

    def predict(self, signature: Signature, build: Callable[[], Built], inputs: Any) -> Any:
        """The whole network in inference mode for (carry, run, x) of these shapes."""
        key = f"{signature.key} predict {inputs[2].shape}"
        return self.other(key, lambda: _compile(predict_function(build().network), inputs))

    def other(self, key: str, compile_all: Callable[[], Any]) -> Any:
        """What `compile_all` compiles, once for each `key`."""
        if key not in self._others:
            self._others[key] = self._timed(key, compile_all)
            if len(self._others) > _KEPT:
                self._others.popitem(last=False)
        self._others.move_to_end(key)
        return self._others[key]

    def _timed(self, key: str, compile_all: Callable[[], Any]) -> Any:
        began = perf_counter()
        try:
            return self._cache.compiled(key, compile_all)
        finally:
            self._compiled += 1
            if self._compiled == 1:
                memory.settle()
            elif self._compiled % _SWEEP == 0:
                memory.release()
            self.seconds += perf_counter() - began


def _compile_epoch(signature: Signature, built: Built, inputs: Any) -> Program:
    carry, run, data, order = inputs
    if built.before is None or built.rest is None:
        return Program(_compile(epoch_function(built.network, signature), inputs))
    values = {path: run.base[path] for path in built.before.parameters}
    values |= {path: run.inputs[path] for path in built.before.inputs}
    prefix = _compile(prefix_function(built.before), (values, data.x, data.x_val))
    x, x_val = prefix.out_info
    cached = data._replace(x=x, x_val=x_val)
    epoch = _compile(epoch_function(built.rest, signature), (carry, run, cached, order))
    return Program(epoch, Prefix(prefix, tuple(values)))


def _compile(function: Callable[..., Any], inputs: Any) -> Any:
    return jax.jit(function).lower(*inputs).compile()
