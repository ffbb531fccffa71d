"""A network in segments, where equal blocks in a row are one segment that is traced once.

XLA compiles each block anew, also where all are equal; as the body of a loop over their values
they are compiled once, and a ResNet takes about as long to compile at any depth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

from hpstudy.engine.links import Link, links

Arrays = dict[str, Any]

FEWEST = 2  # copies that are worth a loop
LONGEST = 8  # links of a block that is looked for
# Layers that do what their public settings and their variables tell, and nothing else. Dense is
# none: its product may be gathered, by the path of its own kernel.
KINDS = frozenset(
    (
        *("Activation", "Add", "AveragePooling2D", "BatchNormalization", "Conv2D", "Dropout"),
        *("LayerNormalization", "MaxPooling2D", "ReLU", "ShortcutConv2D", "ZeroPadding2D"),
    )
)
_OWN = ("name", "build", "quantize")
# objects that a layer holds of which its outputs tell nothing, but by its variables
_HARMLESS = ("initializer", "regularizer", "constraint", "input_spec", "dtype_policy", "generator")
_PLAIN = (bool, int, float, str, list, tuple, FunctionType)


@dataclass(frozen=True)
class Segment:
    """Part of a network, run once or several times in a row on the values of its copies.

    `model` runs on the paths of the first copy; `copies` gives for each of those the path in each
    copy, and `states` names those that training changes. Only a whole model is `penalised`, by
    losses of its own.
    """

    model: Any
    paths: Mapping[int, str]
    copies: tuple[Mapping[str, str], ...]
    states: tuple[str, ...]
    penalised: bool = False

    def __call__(
        self, values: Mapping[str, Any], x: Any, training: bool
    ) -> tuple[Any, Arrays, Any]:
        """Outputs, the states after the call by path, and the sum of the model's losses or None."""
        if len(self.copies) == 1:
            return self._once(values, x, training)
        import jax
        import jax.numpy as jnp

        first = self.copies[0]
        stacked = {path: jnp.stack([values[own[path]] for own in self.copies]) for path in first}
        outputs, changed = jax.lax.scan(
            lambda x, own: self._once(own, x, training)[:2], x, stacked, length=len(self.copies)
        )
        after = {
            own[path]: value[number]
            for path, value in changed.items()
            for number, own in enumerate(self.copies)
        }
        return outputs, after, None

    def _once(self, values: Mapping[str, Any], x: Any, training: bool) -> tuple[Any, Arrays, Any]:
        trained, others = self.model.trainable_variables, self.model.non_trainable_variables
        outputs, changed, *own = self.model.stateless_call(
            [values[self.paths[id(variable)]] for variable in trained],
            [values[self.paths[id(variable)]] for variable in others],
            x,
            training=training,
            return_losses=self.penalised,
        )
        after = {
            self.paths[id(variable)]: value for variable, value in zip(others, changed, strict=True)
        }
        penalty = sum(own[0]) if self.penalised else None
        return outputs, {path: after[path] for path in self.states}, penalty


def segments(
    model: Any, paths: Mapping[int, str], states: Collection[str], penalised: bool = False
) -> tuple[Segment, ...]:
    """The segments of a model, in order; one alone where nothing repeats.

    `paths` names each variable by its id; `states` are the paths that training changes.
    """
    import keras

    chain = links(model)
    groups = list(_groups(_signatures(chain)))
    if penalised or all(count == 1 for _, count in groups):
        return (replace(_segment(model, [model.variables], paths, states), penalised=penalised),)
    found, place = [], 0
    for length, count in groups:
        copies = [chain[at : at + length] for at in range(place, place + length * count, length)]
        variables = [[v for link in copy for v in link.variables] for copy in copies]
        part = keras.Model(copies[0][0].start, copies[0][-1].end)
        found.append(_segment(part, variables, paths, states))
        place += length * count
    return tuple(found)


def _segment(
    model: Any, copies: Sequence[Sequence[Any]], paths: Mapping[int, str], states: Collection[str]
) -> Segment:
    named = [[paths[id(variable)] for variable in copy] for copy in copies]
    own = tuple(dict(zip(named[0], copy, strict=True)) for copy in named)
    return Segment(model, paths, own, tuple(path for path in own[0] if path in states))


def _groups(signatures: Sequence[Hashable]) -> Iterator[tuple[int, int]]:
    """(links, copies) of each group in order; what repeats nowhere is gathered in one copy."""
    alone = place = 0
    while place < len(signatures):
        length, count = _repeat(signatures, place)
        if count == 1:
            alone += 1
            place += 1
            continue
        if alone:
            yield alone, 1
        yield length, count
        alone = 0
        place += length * count
    if alone:
        yield alone, 1


def _repeat(signatures: Sequence[Hashable], place: int) -> tuple[int, int]:
    """The block of links from `place` that covers most with its copies: its length, and them."""
    best = (1, 1)
    for length in range(1, LONGEST + 1):
        block = signatures[place : place + length]
        count = 1
        while signatures[place + count * length :][:length] == block:
            count += 1
        if count >= FEWEST and length * count > best[0] * best[1] and any(_weighty(block)):
            best = (length, count)
    return best


def _weighty(block: Sequence[Any]) -> Iterator[bool]:
    yield from (bool(variables) for one in block for *_, variables in one)


def _signatures(chain: Sequence[Link]) -> list[Hashable]:
    """What two links share that compute the same, each from variables of its own.

    A link with a layer that is not of `KINDS`, or that is called again, equals no other.
    """
    calls = Counter(id(call.operation) for link in chain for call in link.calls)
    return [_signature(link, calls) for link in chain]


def _signature(link: Link, times: Mapping[int, int]) -> Hashable:
    import jax

    numbers = {id(link.start): 0}
    calls: list[Hashable] = []

    def told(value: Any) -> Any:
        return numbers.get(id(value), repr(value))

    for call in link.calls:
        layer = call.operation
        kind = type(layer)
        known = kind.__module__.partition(".")[0] in ("keras", "hpstudy")
        if not known or kind.__name__ not in KINDS or layer.losses or times[id(layer)] > 1:
            return ((object(), ()),)
        given = jax.tree.map(told, (call.arguments.args, call.arguments.kwargs))
        public = {k: v for k, v in vars(layer).items() if k[0] != "_" and k not in _OWN}
        told_of = {k: v for k, v in public.items() if v is None or isinstance(v, _PLAIN)}
        if any(_telling(name, value) for name, value in public.items() if name not in told_of):
            return ((object(), ()),)
        for tensor in call.output_tensors:
            numbers[id(tensor)] = len(numbers)
        tensors = (*call.input_tensors, *call.output_tensors)
        shapes = [(tensor.shape, tensor.dtype) for tensor in tensors]
        variables = tuple((v.name, v.shape, v.dtype, v.trainable) for v in layer.variables)
        calls.append((kind, repr((given, told_of, shapes, layer.trainable)), variables))
    return tuple(calls)


def _telling(name: str, value: Any) -> bool:
    """Whether an object that a layer holds may change what it computes."""
    import keras

    return not isinstance(value, keras.Variable) and not name.endswith(_HARMLESS)
