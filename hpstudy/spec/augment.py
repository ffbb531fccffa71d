"""What augmentation asks of the examples: two axes of pixels, and a shift that leaves some."""

from __future__ import annotations

from collections.abc import Mapping

from hpstudy.spec.layers import possible, walk
from hpstudy.spec.space import Choice, IntRange, Value

AUGMENT, CROP = "training.augment", "training.augment.crop"


def unfit(settings: Mapping[str, Value], example: tuple[int, ...]) -> tuple[str, str] | None:
    """The key of an augmentation that examples of a shape cannot have, and why; None if none."""
    if "on" not in (possible(AUGMENT, settings) or ()):
        return None
    seen = "x".join(str(size) for size in example)
    if len(example) < 2:
        say = f"{AUGMENT} mirrors and shifts images, but each example is a row of {seen} numbers"
        return AUGMENT, f"{say}; leave it out, or set it to none"
    largest = max(_crops(settings), default=0)
    if largest >= min(example[:2]):
        say = f"{CROP} reaches {largest}, which can shift images of {seen} out of sight"
        return CROP, f"{say}; allowed: 0 to {min(example[:2]) - 1}"
    return None


def _crops(settings: Mapping[str, Value]) -> list[int]:
    found: list[int] = []
    for _, key, value in walk(settings):
        if key == CROP:
            options = value.options if isinstance(value, Choice) else (value,)
            found += [value.high] if isinstance(value, IntRange) else []
            found += [one for one in options if isinstance(one, int)]
    return found
