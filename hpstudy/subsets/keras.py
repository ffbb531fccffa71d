"""The parameter tensors of any built Keras model, and subset rules acting on it in plain Keras.

Paths are '<layer path>/<variable>', the layer path being the names of the nested layers below the
model. They key every draw, so name your layers: Keras numbers unnamed ones by how many the process
has made before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

import keras

from hpstudy.spec.declarations import Tensor
from hpstudy.subsets.constraint import KeepFrozen
from hpstudy.subsets.rules import RuleError, Selection

Role = Literal["kernel", "bias", "gamma", "beta", "other"]
Norm = Literal["batch", "layer", None]


class Owned(NamedTuple):
    """A model's variable with its path, and the layer that owns it."""

    path: str
    variable: Any
    layer: Any
    parameter: bool  # made trainable, whatever its flag says now


def variables(model: Any) -> tuple[Owned, ...]:
    """Every variable of a built model once, states included, in `model.variables`' order.

    Raises RuleError for a model that is not built.
    """
    if not model.built:
        raise RuleError(
            f"model {model.name!r} has no variables yet; build it first (model.build, or call it)"
        )
    owners: dict[int, tuple[str, Any, bool]] = {}
    taken: set[str] = set()
    for prefix, layer in _layers(model):
        unique, number = prefix, 0
        while unique in taken:
            number += 1
            unique = f"{prefix}_{number}"
        taken.add(unique)
        # Keras sorts variables by the flag they were made with; only these lists remember it
        made_trainable = {id(variable) for variable in layer._trainable_variables}
        states = [source.state for source in layer._seed_generators]
        for variable in [*layer._trainable_variables, *layer._non_trainable_variables, *states]:
            parameter = id(variable) in made_trainable
            owners.setdefault(id(variable), (unique, layer, parameter))
    owned = []
    for variable in model.variables:
        prefix, layer, parameter = owners[id(variable)]
        path = f"{prefix}/{variable.name}" if prefix else variable.name
        owned.append(Owned(path, variable, layer, parameter))
    return tuple(_distinct(owned))


def tensors(model: Any) -> tuple[Tensor, ...]:
    """The parameter tensors of a built model, in the order of its trainable variables.

    Variables that were made trainable count, whether or not they are switched off now. Kernels are
    those of Dense, Conv1D, Conv2D and Conv3D, whose last axis is the unit; other layers' weights
    have the role 'other'. The output layers are those whose kernel the model's output is reached
    from without passing another kernel; in a subclassed model, the last layer with a kernel.
    Shortcuts are the layers that say so by an attribute `shortcut`, since a graph does not tell.
    """
    outputs = {id(layer) for layer in _kernel_layers(model)}
    found = []
    for path, variable, layer, parameter in variables(model):
        if parameter:
            role, norm = _role(layer, variable.name)
            shape = tuple(int(size) for size in variable.shape)
            output, shortcut = id(layer) in outputs, bool(getattr(layer, "shortcut", False))
            trainable = bool(variable.trainable)
            found.append(Tensor(path, shape, role, norm, output, shortcut, trainable))
    return tuple(found)


def apply(model: Any, selection: Selection) -> None:
    """Make `model` train exactly the entries of `selection` in plain Keras; call before compile.

    Whole frozen tensors are switched off one by one, never their layer, so that batch statistics
    stay live; layers that were switched off as a whole are switched on first. Partly trained
    tensors get a constraint that puts the frozen entries back bit-equal after each update, after
    any constraint of their own. Applying again starts from the model's values as they are then.
    It lives on the variables, where `model.save` does not keep it: load the model with
    `compile=False`, then apply and compile again.
    """
    parameters = {owned.path: owned.variable for owned in variables(model) if owned.parameter}
    if parameters.keys() != selection.keys():
        raise RuleError(
            f"the selection is another network's: without a selection: "
            f"{sorted(parameters.keys() - selection.keys())}, unknown to the model: "
            f"{sorted(selection.keys() - parameters.keys())}"
        )
    model.trainable = True
    for path, variable in parameters.items():
        chosen = selection[path]
        own = variable.constraint
        if isinstance(own, KeepFrozen):
            own = own.then
        if isinstance(chosen, str):
            variable.trainable = chosen == "all"
            variable.constraint = own
        else:
            values = keras.ops.convert_to_numpy(variable.value)
            variable.trainable = True
            variable.constraint = KeepFrozen.around(values, chosen, own)


def _layers(layer: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every layer of a model once with the path of names that leads to it, itself first."""
    seen: set[int] = set()

    def walk(layer: Any, prefix: str) -> Iterator[tuple[str, Any]]:
        if id(layer) in seen:
            return
        seen.add(id(layer))
        yield prefix, layer
        for inner in layer._layers:
            # a Sequential keeps a functional twin of itself, which adds no level
            twin = inner is getattr(layer, "_functional", None)
            name = prefix if twin else f"{prefix}/{inner.name}" if prefix else inner.name
            yield from walk(inner, name)

    yield from walk(layer, prefix)


def _distinct(owned: Iterable[Owned]) -> Iterator[Owned]:
    """Two variables of one layer may share a name; later ones get a number."""
    taken: dict[str, int] = {}
    for one in owned:
        number = taken.get(one.path, 0)
        taken[one.path] = number + 1
        yield one._replace(path=f"{one.path}_{number}") if number else one


def _role(layer: Any, name: str) -> tuple[Role, Norm]:
    known = keras.layers
    roles: dict[str, Role] = {}
    norm: Norm = None
    if isinstance(layer, known.Dense | known.Conv1D | known.Conv2D | known.Conv3D):
        roles = {"kernel": "kernel"}
    elif isinstance(layer, known.BatchNormalization | known.LayerNormalization):
        roles = {"gamma": "gamma", "beta": "beta"}
        norm = "batch" if isinstance(layer, known.BatchNormalization) else "layer"
    elif isinstance(layer, known.GroupNormalization):
        roles = {"gamma": "gamma", "beta": "beta"}
    elif isinstance(layer, known.RMSNormalization):
        roles = {"scale": "gamma"}
    if name in roles:
        return roles[name], norm
    return ("bias" if name == "bias" else "other"), None


def _kernel_layers(layer: Any) -> list[Any]:
    """The layers whose kernels make `layer`'s output; none where it has no kernel."""
    own = [*layer._trainable_variables, *layer._non_trainable_variables]
    if any("kernel" in variable.name for variable in own):
        return [layer]
    graph = getattr(layer, "_functional", None) or layer
    if isinstance(graph, keras.Model) and getattr(graph, "_nodes", None):
        return _behind(graph.outputs)
    inner = [found for part in layer._layers if (found := _kernel_layers(part))]
    return inner[-1] if inner else []


def _behind(outputs: Iterable[Any]) -> list[Any]:
    """Kernel layers from which `outputs` are reached without passing another one."""
    found: dict[int, Any] = {}
    pending, seen = list(outputs), set()
    while pending:
        operation, node_index, _ = pending.pop()._keras_history
        if (id(operation), node_index) in seen:
            continue
        seen.add((id(operation), node_index))
        layers = _kernel_layers(operation) if isinstance(operation, keras.Layer) else []
        found.update((id(layer), layer) for layer in layers)
        if not layers:
            pending.extend(operation._inbound_nodes[node_index].input_tensors)
    return list(found.values())
