"""Which kernels `random` draws from, and how many of their entries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hpstudy.spec.declarations import Tensor
from hpstudy.subsets.words import RuleError

if TYPE_CHECKING:
    from hpstudy.subsets.rules import Rule


def named(word: str, tensors: Sequence[Tensor]) -> list[Tensor]:
    """The tensors that a word other than `random` names."""
    if word == "all":
        return list(tensors)
    if word == "none":
        return []
    if word == "as_built":
        return [tensor for tensor in tensors if tensor.trainable]
    if word == "output":
        return [tensor for tensor in tensors if tensor.output]
    if word == "shortcut":
        return _shortcuts(tensors)
    if word == "batchnorm":
        return [
            tensor
            for tensor in tensors
            if tensor.norm == "batch" and tensor.role in ("gamma", "beta")
        ]
    return [tensor for tensor in tensors if tensor.role == word]


def _shortcuts(tensors: Sequence[Tensor]) -> list[Tensor]:
    found = [tensor for tensor in tensors if tensor.shortcut]
    if not found:
        raise RuleError(
            "train: 'shortcut' names the convolutions on a residual network's shortcuts, and no "
            "layer of this network says that it is one, as those of `type: resnet` do; a layer of "
            "your own says so by an attribute `shortcut = True`"
        )
    return found


def kernels(rule: Rule, tensors: Sequence[Tensor]) -> list[Tensor]:
    """The kernels that `random` draws from; RuleError where there are none."""
    every = [tensor for tensor in tensors if tensor.role == "kernel"]
    found = [t for t in every if rule.of == "all" or t.output == (rule.of == "output")]
    if not found:
        raise RuleError(
            f"train: {rule.train!r} draws from {rule.of} kernels and the network has none; "
            f"its kernels: {', '.join(tensor.path for tensor in every) or 'none'}"
        )
    return found


@dataclass(frozen=True)
class Match:
    """How many entries each chosen kernel trains, but for which units take the remainder.

    base: entries for each unit; room: units that can take one of the remainder; both by path.
    """

    base: dict[str, int]
    room: dict[str, int]
    remainder: int
    total: int


def matched(rule: Rule, tensors: Sequence[Tensor]) -> Match:
    """How a rule with match spreads the entries; RuleError where the network cannot hold them."""
    target = sum(size(tensor) for tensor in named("batchnorm", tensors))
    if not target:
        raise RuleError(
            f"match: {rule.match} needs a network with BatchNormalization; this one has none, "
            f"so give per_unit or fraction instead"
        )
    found = kernels(rule, tensors)
    each, remainder = divmod(target, sum(tensor.shape[-1] for tensor in found))
    base = {tensor.path: _clipped(rule, tensor, each) for tensor in found}
    room = {tensor.path: tensor.shape[-1] for tensor in found if fan_in(tensor) > each}
    spare = sum(room.values())
    if remainder > spare and rule.at_fan_in == "error":
        raise RuleError(
            f"match: {rule.match} leaves {remainder} entries after {each} for each unit, and only "
            f"{spare} units have a larger fan-in; at_fan_in: clip trains what there is"
        )
    remainder = min(remainder, spare)
    total = sum(base[tensor.path] * tensor.shape[-1] for tensor in found) + remainder
    return Match(base, room, remainder, total)


def number(rule: Rule, tensor: Tensor) -> int:
    """How many entries of a kernel a rule with per_unit or fraction draws."""
    if rule.fraction is not None:
        return math.floor(rule.fraction * size(tensor) + 0.5)
    return per_unit(rule, tensor) * tensor.shape[-1]


def per_unit(rule: Rule, tensor: Tensor) -> int:
    """How many entries of each of a kernel's units a rule with per_unit draws."""
    assert rule.per_unit is not None
    return _clipped(rule, tensor, rule.per_unit)


def _clipped(rule: Rule, tensor: Tensor, number: int) -> int:
    most = fan_in(tensor)
    if number > most and rule.at_fan_in == "error":
        raise RuleError(
            f"{number} entries for each unit of {tensor.path} are asked for, and its fan-in is "
            f"{most}; at_fan_in: clip trains the whole fan-in there"
        )
    return min(number, most)


def size(tensor: Tensor) -> int:
    """A tensor's entries."""
    return math.prod(tensor.shape)


def fan_in(tensor: Tensor) -> int:
    """The entries of each of a kernel's units."""
    return math.prod(tensor.shape[:-1])
