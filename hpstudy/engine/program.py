"""The compiled functions of a run: an epoch of steps, a validation pass, a prediction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from hpstudy.engine import augmentation
from hpstudy.engine.losses import LOSSES, row, row_width
from hpstudy.engine.network import Arrays, Network
from hpstudy.engine.optimizers import OPTIMIZERS, Moments, Numbers
from hpstudy.hypermodels import examples
from hpstudy.subsets import gathered
from hpstudy.subsets.split import join, of_entries


@dataclass(frozen=True)
class Signature:
    """What changes the traced computation, and nothing else; runs with equal ones share a program.

    `structure` is the architecture's structural settings; `trained` gives each trained path the
    length of its trained vector (padded, for index sets) or -1 where the whole tensor trains;
    `prefix_limit` is how many bytes of activations may be kept of what lies before training;
    `ragged` runs end amid an epoch, so their epochs' steps are counted by an input.
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
    ragged: bool
    dtype: str
    prefix_limit: int
    augmented: bool

    @property
    def key(self) -> str:
        """16 hex digits that name the program."""
        text = json.dumps(asdict(self), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def partial(self) -> bool:
        """Whether an epoch's last batch has fewer examples than the others."""
        return self.keep_last and self.examples % self.batch_size > 0

    @property
    def batches(self) -> int:
        """Batches in an epoch, a partial one included."""
        return self.examples // self.batch_size + self.partial

    @property
    def last(self) -> int:
        """Examples of the last batch."""
        return self.examples % self.batch_size if self.partial else self.batch_size

    def validation_key(self, rest: bool) -> str:
        """A name of the validation pass of the whole network, or of the rest behind a prefix.

        Batch size, optimizer and whole trained tensors change nothing in it, so programs share it.
        """
        trained = self.trained if rest else tuple(one for one in self.trained if one[1] >= 0)
        shared = replace(self, batch_size=0, optimizer="", keep_last=False, ragged=False)
        key = replace(shared, trained=trained, augmented=False).key
        # where nothing trains, both have the same trained paths
        return f"{key} rest" if rest else key


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
    """One epoch's plan: example numbers (batches, batch), rates (batches,), and steps to take.

    The last batch is partial where `last_batch` is kept: `last` of its examples are real. `draws`
    (examples, 3) say how images are augmented, and are None where they are not.
    """

    batches: Any
    rates: Any
    steps: Any
    last: Any
    draws: Any = None


class Values(NamedTuple):
    """Every value of a network, trained and frozen: whole tensors, and those to be joined."""

    whole: Arrays
    base: Arrays
    theta: Arrays
    indices: Arrays

    @classmethod
    def of(cls, carry: Carry, run: Run) -> Values:
        """Nothing is computed: which tensors train as a whole leaves no trace in the shape."""
        apart = run.indices.keys()
        tensors = {**run.base, **carry.theta}
        return cls(
            {path: v for path, v in tensors.items() if path not in apart}
            | carry.states
            | run.inputs,
            {path: run.base[path] for path in apart},
            {path: carry.theta[path] for path in apart},
            run.indices,
        )

    def joined(self) -> Arrays:
        """One array a variable, keyed by path."""
        return {**self.whole, **join(self.base, self.theta, self.indices)}


def values_of(carry: Carry, run: Run) -> Arrays:
    """Every value of the network, trained and frozen, keyed by path."""
    return Values.of(carry, run).joined()


def train_function(network: Network, signature: Signature) -> Callable[..., tuple[Carry, Any]]:
    """(Carry, Run, Data, Order) -> (Carry, row): one epoch of steps.

    The row holds the sums of `losses.row` over the epoch's examples, in training mode.
    """
    optimizer, loss = OPTIMIZERS[signature.optimizer], LOSSES[signature.loss]
    task = signature.task
    read = augmentation.chosen_images if signature.augmented else _chosen

    def step(
        carry: Carry, joined: Arrays, run: Run, x: Any, y: Any, rate: Any, real: Any
    ) -> tuple[Carry, Any]:
        few = gathered.paths(run.base, run.indices)
        weights = jnp.ones(len(x), x.dtype) if real is None else real
        factor = optimizer.factor(rate, run.numbers)

        def objective(theta: Arrays) -> tuple[Any, tuple[Arrays, Any, Any]]:
            whole = Values.of(carry._replace(theta=theta), run).whole
            values = {**whole, **of_entries(joined, theta, run.indices)}
            entries = {path: (theta[path], run.indices[path]) for path in few}
            with gathered.training(entries), examples.weighted(real):
                outputs, states, penalty = network(values, x, training=True)
            each = loss(outputs, y, run.smoothing)
            each = each if penalty is None else each + penalty
            return factor * (weights * each).sum() / weights.sum(), (states, each, outputs)

        gradients, (states, each, outputs) = jax.grad(objective, has_aux=True)(carry.theta)
        theta, moments = optimizer.update(carry.theta, gradients, carry.moments, rate, run.numbers)
        return Carry(theta, states, moments), row(task, each, outputs, y, weights)

    def epoch(carry: Carry, run: Run, data: Data, order: Order) -> tuple[Carry, Any]:
        def body(i: Any, state: tuple[Carry, Arrays, Any]) -> tuple[Carry, Arrays, Any]:
            carry, joined, total = state
            chosen = order.batches[i]
            real = None
            if signature.partial:
                count = jnp.where(i == signature.batches - 1, order.last, signature.batch_size)
                real = (jnp.arange(signature.batch_size) < count).astype(data.x.dtype)
            x = read(data.x, chosen, order.draws)
            # before anything reads it, so in place: what trains in part is not copied at each step
            joined = join(joined, {path: carry.theta[path] for path in joined}, run.indices)
            after, sums = step(carry, joined, run, x, data.y[chosen], order.rates[i], real)
            return after, joined, total + sums

        apart = {path: run.base[path] for path in run.indices}
        start = (carry, apart, jnp.zeros(row_width(task), data.x.dtype))
        # a GPU need not ask the host after each step whether to go on where the count is constant
        steps = order.steps if signature.ragged else signature.batches
        carry, _, sums = lax.fori_loop(0, steps, body, start)
        return carry, sums

    return epoch


def _chosen(x: Any, chosen: Any, draws: None) -> Any:
    return x[chosen]


def validate_function(network: Network, signature: Signature) -> Callable[[Values, Data], Any]:
    """(Values, Data) -> row: the sums of `losses.row` over the validation part, unsmoothed."""
    loss, task = LOSSES[signature.loss], signature.task

    def validate(values: Values, data: Data) -> Any:
        whole = values.joined()

        def chunk(total: Any, part: tuple[Any, Any, Any]) -> tuple[Any, None]:
            x, y, weights = part
            outputs, _, penalty = network(whole, x, training=False)
            each = loss(outputs, y, jnp.zeros((), outputs.dtype))
            each = each if penalty is None else each + penalty
            return total + row(task, each, outputs, y, weights), None

        start = jnp.zeros(row_width(task), data.x_val.dtype)
        return lax.scan(chunk, start, (data.x_val, data.y_val, data.w_val))[0]

    return validate


def predict_function(network: Network) -> Callable[[Values, Any], Any]:
    """(Values, x) -> outputs in inference mode."""

    def predict(values: Values, x: Any) -> Any:
        return network(values.joined(), x, training=False)[0]

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
