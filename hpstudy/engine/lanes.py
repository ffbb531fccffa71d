"""A pack: runs of one program that train side by side, each in a lane of its own.

Every lane has its own initial values, order, numbers and end; the data is shared. A lane without a
run repeats what it last held at a learning rate of zero, and nobody reads its row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from hpstudy.engine.host import Host
from hpstudy.engine.packed import Keeping, Packed, Stack, content
from hpstudy.engine.program import Carry, Data, Order
from hpstudy.engine.setups import Setup

# `map`, or that of a pool of threads
Each = Callable[[Callable[[Any], None], Iterable[Any]], Iterable[None]]


@dataclass
class Occupant:
    """A run in a lane; `seconds` is its share of the time that its pack trained.

    `setup` has values for a confirm job alone.
    """

    host: Host
    setup: Setup
    test: Any
    seconds: float = 0.0
    compiling: float = 0.0


class Pack:
    """A fixed number of lanes on the device.

    `ragged` packs may hold runs whose last epoch is cut short; `keeping` compiles what confirm runs
    need; `each` draws the lanes' orders.
    """

    def __init__(
        self,
        packed: Packed,
        shared: Data,
        ragged: bool,
        keeping: Callable[[], Keeping],
        each: Each = map,
    ) -> None:
        self.occupants: list[Occupant | None] = [None] * packed.lanes
        self._packed, self._shared, self._ragged, self._each = packed, shared, ragged, each
        self._compile_keeping = keeping
        self._keeping: Keeping | None = None
        self._kept: Any = None
        self._stack: Stack | None = None
        self._order: Order | None = None

    @property
    def occupied(self) -> list[tuple[int, Occupant]]:
        """The lanes that hold a run, with their numbers."""
        return [(lane, one) for lane, one in enumerate(self.occupants) if one is not None]

    @property
    def has_prefix(self) -> bool:
        return self._packed.prefix is not None

    @property
    def free(self) -> list[int]:
        """The numbers of the lanes without a run."""
        return [lane for lane, one in enumerate(self.occupants) if one is None]

    def place(self, lane: int, occupant: Occupant, setup: Setup) -> None:
        """Put a run that begins into a free lane."""
        one = content(setup, self._packed.prefix, self._shared)
        if self._stack is None or self._order is None:
            self._stack = self._packed.spread(one)
            self._order = self._blank(occupant.host.order(1), (self._packed.lanes,))
        else:
            self._stack = self._packed.place(self._stack, one, np.int32(lane))
        self.occupants[lane] = occupant
        self._write(lane, occupant.host, 1)

    def clear(self, lane: int) -> None:
        """Take the run out of a lane."""
        assert self._order is not None
        self.occupants[lane] = None
        self._order.rates[lane] = 0
        if self._ragged:
            self._order.steps[lane], self._order.with_tail[lane] = 0, False

    def epoch(self, meanwhile: Callable[[], None]) -> None:
        """Train every lane for an epoch and do its books; `meanwhile` runs beside the device."""
        assert self._stack is not None and self._order is not None
        began, occupied = perf_counter(), self.occupied
        carry, rows = self._packed.epoch(
            self._stack.carry, self._stack.run, self._stack.data(self._shared), self._order
        )
        self._stack = self._stack._replace(carry=carry)
        meanwhile()
        self._plan()
        totals, which = np.asarray(rows), np.zeros(self._packed.lanes, bool)
        for lane, occupant in occupied:
            which[lane] = occupant.host.take(totals[lane]) and occupant.host.job.confirm
        if which.any():
            self._keep((carry.theta, carry.states), which)
        share = (perf_counter() - began) / len(occupied)
        for _, occupant in occupied:
            occupant.seconds += share

    def kept(self, lane: int) -> Carry:
        """The values that the score of a lane's confirm run belongs to, on the host."""
        occupant = self.occupants[lane]
        assert occupant is not None
        setup = occupant.setup
        if self._keeping is None or not (occupant.host.job.confirm and occupant.host.kept_epoch):
            return setup.carry
        values = self._keeping.take(self._kept, np.int32(lane))
        theta, states = ({path: np.asarray(one) for path, one in part.items()} for part in values)
        return setup.carry._replace(theta=theta, states=states)

    def _keep(self, now: Any, which: Any) -> None:
        if self._keeping is None:
            self._keeping = self._compile_keeping()
        self._kept = self._keeping.keep(now if self._kept is None else self._kept, now, which)

    def _plan(self) -> None:
        """Plan the epoch after the one that trains now, which still reads its own plan."""
        assert self._order is not None
        self._order = self._blank(self._order, ())
        going = [
            (lane, occupant.host, occupant.host.epoch + 2)
            for lane, occupant in self.occupied
            if occupant.host.epoch + 1 < occupant.host.plan.epochs
        ]
        for _ in self._each(lambda one: self._write(*one), going):
            pass

    def _write(self, lane: int, host: Host, epoch: int) -> None:
        assert self._order is not None
        shared = () if self._ragged else ("steps", "with_tail")
        planned = zip(Order._fields, self._order, host.order(epoch), strict=True)
        for name, target, value in planned:
            if name not in shared:
                target[lane] = value

    def _blank(self, order: Order, lanes: tuple[int, ...]) -> Order:
        """Room for a plan of every lane; nothing trains where nothing is written."""
        blank = Order(*(np.zeros((*lanes, *one.shape), one.dtype) for one in order))
        if self._ragged:
            return blank
        return blank._replace(steps=order.steps, with_tail=order.with_tail)
