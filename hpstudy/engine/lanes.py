"""A pack: runs of one program that train side by side, each in a lane of its own.

Every lane has its own initial values, order, numbers and end; the data is shared. A lane without a
run repeats what it last held at a learning rate of zero, and nobody reads its row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import jax
import numpy as np

from hpstudy.engine.host import Host
from hpstudy.engine.packed import Packed, Stack, stacked_order
from hpstudy.engine.program import Carry, Data, Order
from hpstudy.engine.setup import Setup

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

    `ragged` packs hold runs whose last epoch is cut short; `each` draws the lanes' orders.
    """

    def __init__(self, packed: Packed, shared: Data, ragged: bool, each: Each = map) -> None:
        self.occupants: list[Occupant | None] = [None] * packed.lanes
        self._packed, self._shared, self._ragged, self._each = packed, shared, ragged, each
        self._stack: Stack | None = None
        self._kept: Any = None
        self._one: Order | None = None
        self._order: Order | None = None
        self._sent: tuple[Any, Any] | None = None

    @property
    def occupied(self) -> list[tuple[int, Occupant]]:
        """The lanes that hold a run, with their numbers."""
        return [(lane, one) for lane, one in enumerate(self.occupants) if one is not None]

    @property
    def free(self) -> list[int]:
        """The numbers of the lanes without a run."""
        return [lane for lane, one in enumerate(self.occupants) if one is None]

    @property
    def has_prefix(self) -> bool:
        return self._packed.before is not None

    def place(self, lane: int, occupant: Occupant, setup: Setup) -> None:
        """Put a run into a free lane, where its setup says that it begins or goes on."""
        host = occupant.host
        one, order = self._packed.content(setup, self._shared), host.order(host.epoch + 1)
        if self._stack is None:
            self._stack = self._packed.spread(one)
        else:
            self._stack = self._packed.place(self._stack, one, np.int32(lane))
        if self._order is None:
            self._one = order
            self._order = self._blank()
        self.occupants[lane] = occupant
        self._sent = None
        self._write(self._order, lane, order)

    def clear(self, lane: int) -> None:
        """Take the run out of a lane."""
        assert self._order is not None
        self.occupants[lane] = None
        self._order.rates[lane] = 0
        if self._ragged:
            self._order.steps[lane] = 0

    def epoch(self, meanwhile: Callable[[], None]) -> None:
        """Train every lane for an epoch and do its books; `meanwhile` runs beside the device."""
        assert self._stack is not None and self._order is not None
        began, occupied = perf_counter(), self.occupied
        batches, draws = self._sent or (self._order.batches, self._order.draws)
        order = self._order._replace(batches=batches, draws=draws)
        self._stack, rows = self._packed.epoch(self._stack, self._shared, order)
        meanwhile()
        self._plan(occupied)
        totals = np.concatenate(rows, axis=1, dtype=np.float64)
        which = np.zeros(self._packed.lanes, bool)
        for lane, occupant in occupied:
            which[lane] = occupant.host.take(totals[lane]) and occupant.host.job.confirm
        if which.any():
            now = self._stack.carry.theta, self._stack.carry.states
            self._kept = self._packed.keep(now if self._kept is None else self._kept, now, which)
        share = (perf_counter() - began) / len(occupied)
        for _, occupant in occupied:
            occupant.seconds += share

    def kept(self, lane: int) -> Carry:
        """The values that the score of a lane's confirm run belongs to, on the host."""
        occupant = self.occupants[lane]
        assert occupant is not None
        carry = occupant.setup.carry
        if not (occupant.host.job.confirm and occupant.host.kept_epoch):
            return carry
        values = self._packed.take("kept", self._kept, np.int32(lane))
        theta, states = ({path: np.asarray(one) for path, one in part.items()} for part in values)
        return carry._replace(theta=theta, states=states)

    def carry(self, lane: int) -> Carry:
        """What a lane's next step would change, on the host."""
        assert self._stack is not None
        taken = self._packed.take("carry", self._stack.carry, np.int32(lane))
        found: Carry = jax.tree.map(np.asarray, taken)
        return found

    def _plan(self, occupied: list[tuple[int, Occupant]]) -> None:
        """Plan the epoch after the one that trains now, which still reads its own plan."""
        hosts = {lane: one.host for lane, one in occupied}
        going = [lane for lane, host in hosts.items() if host.epoch + 1 < host.plan.epochs]
        order = self._blank()

        def write(lane: int) -> None:
            self._write(order, lane, hosts[lane].order(hosts[lane].epoch + 2))

        for _ in self._each(write, going):
            pass
        self._order = order
        # on its way while the device works: the large parts, which no end of a run changes
        self._sent = jax.device_put((order.batches, order.draws)) if going else None

    def _blank(self) -> Order:
        assert self._one is not None
        return stacked_order(self._one, self._packed.lanes, self._ragged)

    def _write(self, room: Order, lane: int, order: Order) -> None:
        room.batches[lane], room.rates[lane] = order.batches, order.rates
        if self._ragged:
            room.steps[lane] = order.steps
        if order.draws is not None:
            room.draws[lane] = order.draws
