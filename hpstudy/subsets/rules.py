"""Which parameter entries train: a rule, its counts, and the entries that it picks.

How many entries `random` trains, for kernels W with fan-in F(W), units U(W) and size F(W) * U(W):

    per_unit: k        k * U(W) for each W: exactly k entries of each unit's fan-in
    fraction: f        floor(f * size(W) + 0.5) for each W
    match: batchnorm   T = gamma and beta entries of the network's BatchNormalization layers,
                       U = units of all chosen kernels together: floor(T / U) for each unit, and one
                       more for each of T mod U units, drawn by the mask seed. T in all.

`of:` says which kernels are drawn from: `hidden` (all but the output layer's), `output` or `all`.
Where a unit is asked for more entries than its fan-in, `at_fan_in: error` refuses and `clip`
trains the whole fan-in; the units that take the remainder of a match are drawn among those that
have room.

The words of an expression act from left to right on whole tensors, `random` on its drawn entries.
Entries that are named twice count once. A word of a sum that names nothing in a network is refused:
the others would train alone under a label that says more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from hpstudy.spec.declarations import Tensor
from hpstudy.spec.space import Scalar
from hpstudy.subsets import amounts
from hpstudy.subsets.words import WORDS, RuleError, parse

if TYPE_CHECKING:
    from hpstudy.subsets.draw import Indices

__all__ = ["WORDS", "Count", "Rule", "RuleError", "Selection", "count", "parse", "select"]

Selection: TypeAlias = "dict[str, Literal['all', 'none'] | Indices]"
_Part: TypeAlias = Literal["all", "none", "drawn"]

_OF = ("hidden", "output", "all")
_AT_FAN_IN = ("error", "clip")
_MATCH = ("batchnorm",)


@dataclass(frozen=True)
class Rule:
    """A subset: an expression of words, and how much `random` draws from which kernels.

    Raises RuleError where the parts contradict each other.
    """

    train: str = "all"
    per_unit: int | None = None
    fraction: float | None = None
    match: str | None = None
    of: str = "hidden"
    at_fan_in: str = "error"

    def __post_init__(self) -> None:
        random = any(word == "random" for _, word in parse(self.train))
        amounts = {"per_unit": self.per_unit, "fraction": self.fraction, "match": self.match}
        given = [name for name, amount in amounts.items() if amount is not None]
        if random and len(given) != 1:
            raise RuleError(
                f"train: {self.train!r} needs exactly one of per_unit, fraction and match; "
                f"seen: {', '.join(given) or 'none of them'}"
            )
        if given and not random:
            raise RuleError(
                f"{' and '.join(given)} given, but train: {self.train!r} draws nothing: "
                f"it has no word 'random'"
            )
        if self.per_unit is not None and not (_whole(self.per_unit) and self.per_unit >= 1):
            raise RuleError(f"per_unit: {self.per_unit!r} is not a whole number from 1 up")
        if self.fraction is not None and not 0 < self.fraction <= 1:
            raise RuleError(f"fraction: {self.fraction!r} is not above 0 and at most 1")
        for name, value, allowed in (
            ("match", self.match, (None, *_MATCH)),
            ("of", self.of, _OF),
            ("at_fan_in", self.at_fan_in, _AT_FAN_IN),
        ):
            if value not in allowed:
                words = ", ".join(str(word) for word in allowed if word)
                raise RuleError(f"{name}: {value!r} is not allowed; allowed: {words}")

    @staticmethod
    def from_config(config: Mapping[str, Scalar]) -> Rule:
        """The rule that the `subset.` keys of a flat config say; other keys are ignored."""
        prefix = "subset."
        fields: dict[str, Any] = {
            key.removeprefix(prefix): value
            for key, value in config.items()
            if key.startswith(prefix)
        }
        unknown = sorted(fields.keys() - Rule.__dataclass_fields__.keys())
        if unknown:
            raise RuleError(
                f"unknown subset settings: {', '.join(unknown)}; "
                f"allowed: {', '.join(Rule.__dataclass_fields__)}"
            )
        return Rule(**fields)


@dataclass(frozen=True)
class Count:
    """How many parameter entries train, stay frozen, and there are."""

    trained: int
    frozen: int
    total: int


def count(rule: Rule, tensors: Sequence[Tensor]) -> Count:
    """The counts of `rule` on a network with these tensors, by formula: nothing is drawn.

    Raises RuleError where the network cannot satisfy the rule.
    """
    parts = _parts(rule, tensors)
    trained = sum(amounts.size(tensor) for tensor in tensors if parts[tensor.path] == "all")
    drawn = [tensor for tensor in tensors if parts[tensor.path] == "drawn"]
    if drawn and rule.match is not None:
        match = amounts.matched(rule, tensors)
        if len(drawn) < len(match.base):
            raise RuleError(
                f"match: {rule.match} spreads its entries over {rule.of} kernels, and "
                f"train: {rule.train!r} adds or takes away some of those whole, so the count would "
                f"depend on the seed; draw from other kernels: of: {' | '.join(_OF)}"
            )
        trained += match.total
    else:
        trained += sum(amounts.number(rule, tensor) for tensor in drawn)
    total = sum(amounts.size(tensor) for tensor in tensors)
    return Count(trained, total - trained, total)


def select(rule: Rule, tensors: Sequence[Tensor], mask_seed: int) -> Selection:
    """For each path 'all', 'none' or the sorted flat indices of the entries that train.

    Draws depend on (mask seed, path) alone. A draw that takes a whole tensor gives 'all', an empty
    one 'none'. Raises RuleError where the network cannot satisfy the rule.
    """
    import numpy as np

    from hpstudy.subsets import draw

    count(rule, tensors)
    parts = _parts(rule, tensors)
    extra: dict[str, Indices] = {}
    if rule.match is not None and "drawn" in parts.values():
        match = amounts.matched(rule, tensors)
        extra = draw.of_remainder(mask_seed, match.room, match.remainder)
    selection: Selection = {}
    for tensor in tensors:
        part = parts[tensor.path]
        if part != "drawn":
            selection[tensor.path] = part
            continue
        size, path = amounts.size(tensor), tensor.path
        if rule.fraction is not None:
            indices = draw.of_tensor(mask_seed, path, size, amounts.number(rule, tensor))
        else:
            each = match.base[path] if rule.match is not None else amounts.per_unit(rule, tensor)
            numbers = np.full(tensor.shape[-1], each, dtype=np.int64) + extra.get(path, 0)
            indices = draw.of_units(mask_seed, path, amounts.fan_in(tensor), numbers)
        selection[path] = "none" if not len(indices) else "all" if len(indices) == size else indices
    return selection


def _parts(rule: Rule, tensors: Sequence[Tensor]) -> dict[str, _Part]:
    parts: dict[str, _Part] = {tensor.path: "none" for tensor in tensors}
    terms = parse(rule.train)
    for sign, word in terms:
        chosen = (
            amounts.kernels(rule, tensors) if word == "random" else amounts.named(word, tensors)
        )
        if not chosen and sign == "+" and len(terms) > 1 and word != "none":
            raise RuleError(
                f"train: {word!r} in {rule.train!r} names nothing, so leave it out; it stands for "
                f"{WORDS[word]}, and this network has nothing of the kind"
            )
        for tensor in chosen:
            if word != "random":
                parts[tensor.path] = "all" if sign == "+" else "none"
            elif parts[tensor.path] == "none":
                parts[tensor.path] = "drawn"
    return parts


def _whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)
