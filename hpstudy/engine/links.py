"""A network as a chain of links, each entered and left by one tensor.

A layer in a row is a link of its own; a block with a shortcut around it is one link.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Link:
    """Calls of layers that read `start` alone, and of whose outputs the rest reads `end` alone."""

    start: Any
    calls: tuple[Any, ...]
    end: Any

    @property
    def variables(self) -> list[Any]:
        """Every variable of its layers, layer by layer."""
        return [v for call in self.calls for v in getattr(call.operation, "variables", ())]


def links(model: Any) -> tuple[Link, ...]:
    """The chain of a functional Keras model with one input and one output; none of others."""
    import keras

    if not isinstance(model, keras.Model) or not hasattr(model, "_nodes_by_depth"):
        return ()
    return tuple(_links(model)) if len(model.inputs) == len(model.outputs) == 1 else ()


def _links(model: Any) -> Iterator[Link]:
    depths = sorted(model._nodes_by_depth, reverse=True)
    calls = [one for depth in depths for one in model._nodes_by_depth[depth] if one.input_tensors]
    readers = Counter(id(tensor) for call in calls for tensor in call.input_tensors)
    readers[id(model.outputs[0])] += 1
    start = model.inputs[0]
    between: list[Any] = []
    read_later = {id(start): start}
    for call in calls:
        between.append(call)
        for tensor in call.input_tensors:
            readers[id(tensor)] -= 1
            if not readers[id(tensor)]:
                del read_later[id(tensor)]
        read_later |= {id(tensor): tensor for tensor in call.output_tensors if readers[id(tensor)]}
        if len(read_later) == 1:
            (end,) = read_later.values()
            yield Link(start, tuple(between), end)
            start, between = end, []
