"""A built Keras model as one pure function of its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hpstudy.engine.repeats import Segment, segments

Arrays = dict[str, Any]


@dataclass(frozen=True)
class Network:
    """`network(values, x, training)` runs the model on values keyed by variable path.

    `parameters` are the paths that could train; `states` the ones that a training step changes
    (moving statistics, seeds); `inputs` the scalars that steer a layer (momentum, epsilon, rate).
    A `penalised` model adds losses of its own: regularisers, `add_loss`.
    """

    model: Any
    parameters: tuple[str, ...]
    states: tuple[str, ...]
    inputs: tuple[str, ...]
    paths: Mapping[int, str]
    segments: tuple[Segment, ...]
    penalised: bool = False

    @classmethod
    def of(
        cls,
        model: Any,
        kinds: Mapping[str, str],
        paths: Mapping[int, str],
        penalised: bool = False,
    ) -> Network:
        """The network of `model`; `paths` names each variable by its id, `kinds` each path."""
        of_kind = {
            kind: tuple(path for path in paths.values() if kinds[path] == kind)
            for kind in ("parameter", "state", "input")
        }
        own = of_kind["parameter"], of_kind["state"], of_kind["input"]
        parts = segments(model, paths, of_kind["state"], penalised)
        return cls(model, *own, paths, parts, penalised)

    def __call__(
        self, values: Mapping[str, Any], x: Any, training: bool
    ) -> tuple[Any, Arrays, Any]:
        """Outputs, the states after the call, and the sum of the model's own losses or None.

        `values` holds every path of the model.
        """
        after: Arrays = {}
        penalty = None
        for segment in self.segments:
            x, changed, penalty = segment(values, x, training)
            after |= changed
            # a layer may be called in several segments
            values = {**values, **changed}
        return x, {path: after[path] for path in self.states}, penalty
