"""The compiled functions of a pack: one program's epoch over a fixed number of lanes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from hpstudy.engine.program import (
    Carry,
    Data,
    Order,
    Run,
    Signature,
    epoch_function,
    prefix_function,
)
from hpstudy.engine.programs import Prefix
from hpstudy.engine.setups import Built, Setup


class Stack(NamedTuple):
    """What lanes hold, stacked along a first axis; `x` and `x_val` only behind a cached prefix."""

    carry: Carry
    run: Run
    x: Any = None
    x_val: Any = None

    def data(self, shared: Data) -> Data:
        """The parts that an epoch reads: shared by all lanes, or each lane's own prefix."""
        return shared if self.x is None else shared._replace(x=self.x, x_val=self.x_val)


@dataclass(frozen=True)
class Packed:
    """The executables of `lanes` lanes.

    epoch: (carry, run, data, order) -> (carry, a row for each lane); takes the carry's memory.
    spread: one lane's content -> that content in every lane.
    place: (stack, one lane's content, its number) -> stack; takes the stack's memory.
    prefix: what lies before the first trained entry, for one lane; None where nothing does.
    """

    lanes: int
    epoch: Any
    spread: Any
    place: Any
    prefix: Prefix | None


@dataclass(frozen=True)
class Keeping:
    """The executables that hold on to the values which lanes' scores belong to.

    keep: (kept, now, which lanes) -> kept, with now's values in those lanes.
    take: (kept, lane) -> that lane's values.
    """

    keep: Any
    take: Any


def content(setup: Setup, prefix: Prefix | None, shared: Data) -> Stack:
    """One lane's content for a run that begins."""
    if prefix is None:
        return Stack(setup.carry, setup.run)
    known = {**setup.run.base, **setup.run.inputs}
    values = {path: known[path] for path in prefix.paths}
    return Stack(setup.carry, setup.run, *prefix.call(values, shared.x, shared.x_val))


def compile_packed(
    signature: Signature, built: Built, lanes: int, ragged: bool, inputs: tuple[Any, ...]
) -> Packed:
    """Compile for `lanes` lanes; `inputs` are (setup, shared data, order) of one run.

    Without `ragged` every epoch of every lane has all its steps, and no lane waits for another.
    """
    setup, shared, order = inputs
    one, network, prefix = Stack(setup.carry, setup.run), built.network, None
    if built.before is not None and built.rest is not None:
        values = {path: setup.run.base[path] for path in built.before.parameters}
        values |= {path: setup.run.inputs[path] for path in built.before.inputs}
        call = _compile(prefix_function(built.before), (values, shared.x, shared.x_val))
        one, network = Stack(one.carry, one.run, *call.out_info), built.rest
        prefix = Prefix(call, tuple(values))
    stack, axes = _stacked(one, lanes), _axes(prefix is not None, ragged)
    epoch = jax.vmap(epoch_function(network, signature), in_axes=(0, 0, *axes))
    orders = _orders(order, lanes, ragged)
    return Packed(
        lanes,
        _compile(epoch, (stack.carry, stack.run, stack.data(shared), orders), donated=(0,)),
        _compile(_spread(lanes), (one,)),
        _compile(_place, (stack, one, jax.ShapeDtypeStruct((), "int32")), donated=(0,)),
        prefix,
    )


def compile_keeping(values: Any, lanes: int) -> Keeping:
    """Compile for one lane's `values`."""
    stacked, which = _stacked(values, lanes), jax.ShapeDtypeStruct((lanes,), bool)
    return Keeping(
        _compile(_keep, (stacked, stacked, which)),
        _compile(_take, (stacked, jax.ShapeDtypeStruct((), "int32"))),
    )


def _axes(with_prefix: bool, ragged: bool) -> tuple[Data, Order]:
    own, steps = (0 if with_prefix else None), (0 if ragged else None)
    return Data(own, None, own, None, None), Order(0, 0, 0, steps, steps)


def _orders(order: Order, lanes: int, ragged: bool) -> Order:
    stacked: Order = _stacked(order, lanes)
    return stacked if ragged else stacked._replace(steps=order.steps, with_tail=order.with_tail)


def _spread(lanes: int) -> Callable[[Any], Any]:
    def spread(one: Any) -> Any:
        return jax.tree.map(lambda o: jnp.broadcast_to(o, (lanes, *o.shape)), one)

    return spread


def _place(stack: Any, one: Any, lane: Any) -> Any:
    return jax.tree.map(lambda s, o: lax.dynamic_update_index_in_dim(s, o, lane, 0), stack, one)


def _keep(kept: Any, now: Any, which: Any) -> Any:
    def choose(old: Any, new: Any) -> Any:
        return jnp.where(which.reshape(-1, *[1] * (new.ndim - 1)), new, old)

    return jax.tree.map(choose, kept, now)


def _take(kept: Any, lane: Any) -> Any:
    return jax.tree.map(lambda k: lax.dynamic_index_in_dim(k, lane, 0, keepdims=False), kept)


def _stacked(tree: Any, lanes: int) -> Any:
    return jax.tree.map(lambda a: jax.ShapeDtypeStruct((lanes, *a.shape), a.dtype), tree)


def _compile(
    function: Callable[..., Any], inputs: tuple[Any, ...], donated: tuple[int, ...] = ()
) -> Any:
    return jax.jit(function, donate_argnums=donated).lower(*inputs).compile()
