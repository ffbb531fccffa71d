"""One compiled training function: an epoch of steps and its validation pass in a single call."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from hpstudy.engine.losses import LOSSES, sums
from hpstudy.engine.network import Arrays, Network
from hpstudy.engine.optimizers import OPTIMIZERS, Moments, Numbers
from hpstudy.subsets import gathered
from hpstudy.subsets.split import join


@dataclass(frozen=True)
class Signature:
    """What changes the traced computation, and nothing else; runs with equal ones share a program.

    `structure` is the architecture's structural settings; `trained` gives each trained path the
    length of its trained vector (padded, for index sets) or -1 where the whole tensor trains.
    """

    model: str
    structure: tuple[tuple[str, Any], ...]
    trained: tuple[tuple[str, int], ...]
    input_shape: tuple[int, ...]
    outputs: int
    task: str
    loss: str
    optimizer: str
    batch_size: int
    examples: int
    validation: int
    keep_last: bool
    dtype: str

    @property
    def key(self) -> str:
        """16 hex digits that name the program."""
        text = json.dumps(asdict(self), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def steps(self) -> int:
        """Full batches in an epoch."""
        return self.examples // self.batch_size

    @property
    def tail(self) -> int:
        """Examples of the partial last batch, 0 where it is dropped."""
        return self.examples % self.batch_size if self.keep_last else 0


class Carry(NamedTuple):
    """What a step changes: trained values, layer states, optimizer moments."""

    theta: Arrays
    states: Arrays
    moments: Moments


class Run(NamedTuple):
    """What stays the same for one run, all of it input: nothing here recompiles."""

    base: Arrays
    indices: Arrays
    inputs: Arrays
    numbers: Numbers
    smoothing: Any


class Data(NamedTuple):
    """The training part, and the validation part in equal chunks with weights 0 where padded."""

    x: Any
    y: Any
    x_val: Any
    y_val: Any
    w_val: Any


class Order(NamedTuple):
    """One epoch's plan: example numbers (steps, batch) and the tail's, rates, how far to go."""

    batches: Any
    tail: Any
    rates: Any
    steps: Any
    with_tail: Any


def values_of(carry: Carry, run: Run) -> Arrays:
    """Every value of the network, trained and frozen, keyed by path."""
    return {**join(run.base, carry.theta, run.indices), **carry.states, **run.inputs}


def epoch_function(network: Network, signature: Signature) -> Callable[..., tuple[Carry, Any]]:
    """(Carry, Run, Data, Order) -> (Carry, row).

    The row holds the training loss sum and `sums` in training mode, then the validation loss sum
    (unsmoothed) and `sums`.
    """
    update, loss = OPTIMIZERS[signature.optimizer], LOSSES[signature.loss]
    task, width = signature.task, 2 if signature.task == "classification" else 3

    def step(carry: Carry, run: Run, x: Any, y: Any, rate: Any) -> tuple[Carry, Any]:
        few = gathered.paths(run.base, run.indices)

        def objective(theta: Arrays) -> tuple[Any, tuple[Arrays, Any]]:
            values = values_of(carry._replace(theta=theta), run)
            with gathered.training({path: (theta[path], run.indices[path]) for path in few}):
                outputs, states = network(values, x, training=True)
            each = loss(outputs, y, run.smoothing)
            return each.mean(), (states, (each.sum(), outputs))

        gradients, (states, (total, outputs)) = jax.grad(objective, has_aux=True)(carry.theta)
        theta, moments = update(carry.theta, gradients, carry.moments, rate, run.numbers)
        row = jnp.concatenate([total[None], sums(task, outputs, y, jnp.ones(len(x), x.dtype))])
        return Carry(theta, states, moments), row

    def epoch(carry: Carry, run: Run, data: Data, order: Order) -> tuple[Carry, Any]:
        def body(i: Any, state: tuple[Carry, Any]) -> tuple[Carry, Any]:
            chosen = order.batches[i]
            after, row = step(state[0], run, data.x[chosen], data.y[chosen], order.rates[i])
            return after, state[1] + row

        start = (carry, jnp.zeros(width + 1, data.x.dtype))
        state = lax.fori_loop(0, order.steps, body, start)
        if signature.tail:

            def last(state: tuple[Carry, Any]) -> tuple[Carry, Any]:
                x, y = data.x[order.tail], data.y[order.tail]
                after, row = step(state[0], run, x, y, order.rates[order.steps])
                return after, state[1] + row

            state = lax.cond(order.with_tail, last, lambda unchanged: unchanged, state)
        carry, trained = state
        return carry, jnp.concatenate([trained, validate(values_of(carry, run), data)])

    def validate(values: Arrays, data: Data) -> Any:
        def chunk(total: Any, part: tuple[Any, Any, Any]) -> tuple[Any, None]:
            x, y, weights = part
            outputs, _ = network(values, x, training=False)
            each = loss(outputs, y, jnp.zeros((), outputs.dtype))
            row = [(weights * each).sum()[None], sums(task, outputs, y, weights)]
            return total + jnp.concatenate(row), None

        start = jnp.zeros(width + 1, data.x.dtype)
        return lax.scan(chunk, start, (data.x_val, data.y_val, data.w_val))[0]

    return epoch


def predict_function(network: Network) -> Callable[[Carry, Run, Any], Any]:
    """(Carry, Run, x) -> outputs in inference mode."""

    def predict(carry: Carry, run: Run, x: Any) -> Any:
        return network(values_of(carry, run), x, training=False)[0]

    return predict


def prefix_function(network: Network) -> Callable[[Arrays, Any, Any], tuple[Any, Any]]:
    """(values, x, chunked x) -> both after the layers before the first trained entry."""

    def prefix(values: Arrays, x: Any, x_val: Any) -> tuple[Any, Any]:
        def chunk(part: Any) -> Any:
            return network(values, part, training=False)[0]

        return chunk(x), lax.map(chunk, x_val)

    return prefix


def chunks(x: Any, y: Any, size: int, dtype: Any) -> tuple[Any, Any, Any]:
    """`x` and `y` as (chunks, size, ...), and weights (chunks, size) that are 0 on the padding."""
    count = len(x)
    size = min(size, count)
    padding = -count % size
    weights = np.concatenate([np.ones(count, dtype), np.zeros(padding, dtype)])

    def shaped(values: Any) -> Any:
        filled = np.concatenate([values, np.repeat(values[:1], padding, axis=0)])
        return filled.reshape(-1, size, *values.shape[1:])

    return shaped(np.asarray(x)), shaped(np.asarray(y)), weights.reshape(-1, size)
