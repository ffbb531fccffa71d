"""The compiled functions of a pack: one program's epoch over a fixed number of lanes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from hpstudy.engine.cache import Entry
from hpstudy.engine.program import (
    Carry,
    Data,
    Order,
    Run,
    Signature,
    Values,
    train_function,
    validate_function,
)
from hpstudy.engine.programs import (
    Programs,
    before_paths,
    behind,
    compiled,
    prefix_inputs,
    values_at,
)
from hpstudy.engine.setup import Built, Setup
from hpstudy.hypermodels.convolution import in_lanes


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
    """The executables of `lanes` lanes; `train` and `place` take their stack's memory.

    `spread` puts one lane's content into every lane, `place` into one; `keep` gives some lanes
    of what is kept their present values, and `take` gives one lane's, of what its word names.
    """

    lanes: int
    train: Any
    validate: Any
    prefix: Any
    before: tuple[str, ...] | None
    spread: Any
    place: Any
    keep: Callable[[Any, Any, Any], Any]
    take: Callable[[str, Any, Any], Any]

    def content(self, setup: Setup, shared: Data) -> Stack:
        """One lane's content for a run that begins."""
        if self.before is None:
            return Stack(setup.carry, setup.run)
        x, x_val = self.prefix(values_at(setup.run, self.before), shared.x, shared.x_val)
        return Stack(setup.carry, setup.run, x, x_val)

    def epoch(self, stack: Stack, shared: Data, order: Order) -> tuple[Stack, tuple[Any, Any]]:
        """Train and validate an epoch in every lane: the new stack, and both rows of each lane."""
        data = stack.data(shared)
        carry, trained = self.train(stack.carry, stack.run, data, order)
        validated = self.validate(Values.of(carry, stack.run), data)
        return stack._replace(carry=carry), (trained, validated)


def packed(
    programs: Programs,
    signature: Signature,
    build: Callable[[], Built],
    lanes: int,
    inputs: tuple[Setup, Data, Order],
) -> Packed:
    """A program in `lanes` lanes; `inputs` are those of one run."""
    setup, shared, order = inputs
    one, built = Stack(setup.carry, setup.run), cache(build)
    words = f"{signature.key} in {lanes} lanes"

    def behind_prefix() -> tuple[Stack, Stack, Data]:
        """One lane's content, that of all lanes, and the data that they read."""
        data = behind(built(), setup.run, shared)
        whole = one if built().before is None else one._replace(x=data.x, x_val=data.x_val)
        stack: Stack = jax.eval_shape(_spread(lanes), whole)
        return whole, stack, stack.data(shared)

    def train() -> Entry:
        _, stack, data = behind_prefix()
        function = in_lanes(train_function(built().rest, signature))
        axes = _axes(built()), Order(0, 0, 0 if signature.ragged else None, None, 0)
        vectorised = jax.vmap(function, in_axes=(0, 0, *axes))
        inputs = stack.carry, stack.run, data, stacked_order(order, lanes, signature.ragged)
        made = compiled(vectorised, *inputs, donated=(0,))
        return Entry(made, {"before": before_paths(built())})

    def validate() -> Entry:
        _, stack, data = behind_prefix()
        function = in_lanes(validate_function(built().rest, signature))
        vectorised = jax.vmap(function, in_axes=(0, _axes(built())))
        return Entry(compiled(vectorised, Values.of(stack.carry, stack.run), data))

    def prefix() -> Entry:
        return Entry(compiled(*prefix_inputs(built(), setup.run), shared.x, shared.x_val))

    def spread() -> Entry:
        return Entry(compiled(_spread(lanes), behind_prefix()[0]))

    def place() -> Entry:
        whole, stack, _ = behind_prefix()
        return Entry(compiled(_place, stack, whole, np.int32(0), donated=(0,)))

    def keep(kept: Any, now: Any, which: Any) -> Any:
        call = programs.entry(f"keep {words}", lambda: Entry(compiled(_keep, kept, now, which)))
        return call.call(kept, now, which)

    def take(word: str, held: Any, lane: Any) -> Any:
        call = programs.entry(f"take {word} {words}", lambda: Entry(compiled(_take, held, lane)))
        return call.call(held, lane)

    trained = programs.entry(f"train {words}", train)
    before: tuple[str, ...] | None = trained.facts["before"]
    key = signature.validation_key(rest=before is not None)
    return Packed(
        lanes,
        trained.call,
        programs.entry(f"validate {key} in {lanes} lanes", validate).call,
        None if before is None else programs.entry(f"prefix {key}", prefix).call,
        before,
        programs.entry(f"spread {words}", spread).call,
        programs.entry(f"place {words}", place).call,
        keep,
        take,
    )


def stacked_order(order: Order, lanes: int, ragged: bool) -> Order:
    """Room for a plan of every lane, with nothing planned; `order` is that of one run."""
    blank: Order = jax.tree.map(
        lambda one: np.zeros((lanes, *np.shape(one)), np.asarray(one).dtype), order
    )
    return blank._replace(last=order.last, **({} if ragged else {"steps": order.steps}))


def _axes(built: Built) -> Data:
    own = None if built.before is None else 0
    return Data(own, None, own, None, None)


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


def _take(held: Any, lane: Any) -> Any:
    return jax.tree.map(lambda h: lax.dynamic_index_in_dim(h, lane, 0, keepdims=False), held)
