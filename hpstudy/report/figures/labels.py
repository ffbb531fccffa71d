"""Where the words beside marks go, so that they hide neither each other nor a mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# what a letter of the figures' sans serif is wide and high, in font sizes
LETTER, HEIGHT = 0.62, 1.0
APART = 4.0  # pixels between a mark's edge and its word


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels, y upwards."""

    left: float
    low: float
    right: float
    high: float

    def meets(self, other: Box) -> bool:
        sideways = self.left < other.right and other.left < self.right
        return sideways and self.low < other.high and other.low < self.high

    def inside(self, other: Box) -> bool:
        across = other.left <= self.left and self.right <= other.right
        return across and other.low <= self.low and self.high <= other.high


def beside(
    marks: Sequence[tuple[float, float]],
    words: Sequence[str],
    frame: Box,
    size: float,
    taken: Sequence[Box] = (),
    reach: float = 4.0,
) -> list[tuple[float, float] | None]:
    """For each mark the left end of its word's middle line, in pixels from the mark.

    The first free place of eight around it, inside `frame`; None where each would hide something.
    `size` is the font's, `reach` a mark's half width, and `taken` what else is drawn.
    """
    held = [Box(x - reach, y - reach, x + reach, y + reach) for x, y in marks] + list(taken)
    found: list[tuple[float, float] | None] = []
    for (x, y), word in zip(marks, words, strict=True):
        wide, high = LETTER * size * len(word), HEIGHT * size
        free = None
        for dx, dy in _around(wide, high, reach + APART):
            box = Box(x + dx, y + dy - high / 2, x + dx + wide, y + dy + high / 2)
            if box.inside(frame) and not any(box.meets(one) for one in held):
                free = (dx, dy)
                held.append(box)
                break
        found.append(free if word else None)
    return found


def _around(wide: float, high: float, off: float) -> list[tuple[float, float]]:
    """Right, left, above and below a mark, then its corners."""
    up, near = off + high / 2, off / 2
    sides = [(off, 0.0), (-off - wide, 0.0), (-wide / 2, up), (-wide / 2, -up)]
    corners = [(near, up), (near, -up), (-near - wide, up), (-near - wide, -up)]
    return sides + corners
