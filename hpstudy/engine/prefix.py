"""Cuts a model where training begins: what lies before depends on nothing that changes.

A layer belongs to the prefix when none of its entries train, it has no state (batch statistics,
dropout seeds), and all that it reads belongs to the prefix. Its outputs are computed once a run.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


def cut(model: Any, changing: Collection[int]) -> tuple[Any, Any] | None:
    """(prefix model, rest model) with shared variables, or None where nothing is saved.

    `changing` holds the ids of all variables that train or carry state. Only a functional model
    with one input and one tensor at the cut is cut; a prefix without a weight saves nothing.
    """
    import keras

    if not isinstance(model, keras.Model) or len(getattr(model, "inputs", None) or ()) != 1:
        return None
    if not hasattr(model, "operations"):
        return None
    inside, tensors = _prefix(model, changing)
    if not any(getattr(operation, "variables", ()) for operation in inside):
        return None
    if len(tensors) != 1:
        return None
    return keras.Model(model.inputs, tensors), keras.Model(tensors, model.outputs)


def _prefix(model: Any, changing: Collection[int]) -> tuple[list[Any], list[Any]]:
    """Operations of the prefix, and the tensors that the rest of the model reads from it."""
    known = {id(tensor) for tensor in model.inputs}
    inside: list[Any] = []
    boundary: dict[int, Any] = {}
    nodes = {node for depth in model._nodes_by_depth.values() for node in depth}
    for operation in model.operations:
        for node in operation._inbound_nodes:
            if node not in nodes or not node.input_tensors:
                continue
            fixed = not any(id(v) in changing for v in getattr(operation, "variables", ()))
            if fixed and all(id(tensor) in known for tensor in node.input_tensors):
                known.update(id(tensor) for tensor in node.output_tensors)
                inside.append(operation)
            else:
                for tensor in node.input_tensors:
                    if id(tensor) in known:
                        boundary[id(tensor)] = tensor
    return inside, list(boundary.values())
