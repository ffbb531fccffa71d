"""Which runs train together: jobs sorted into packs by program, lanes freed and filled again."""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter
from typing import Any

import jax
from jax.errors import JaxRuntimeError

from hpstudy.engine.host import Host
from hpstudy.engine.job import Job, Result, failed
from hpstudy.engine.lanes import Each, Occupant, Pack
from hpstudy.engine.packed import packed
from hpstudy.engine.parts import Parts
from hpstudy.engine.paused import maker, paused, resumed
from hpstudy.engine.programs import Programs
from hpstudy.engine.record import result
from hpstudy.engine.setup import Built, Setup
from hpstudy.engine.setups import Setups
from hpstudy.engine.training import train

# (run, epoch, score) of runs that wait at a rung -> which of them go on
Ask = Callable[[Iterable[tuple[str, int, float]]], Mapping[str, bool]]
# lanes that one program's pack has room for
Room = Callable[[Setup, Callable[[], Built]], int]


@dataclass(frozen=True)
class Waiting:
    """A job that has no lane yet; `test` is (x_test, y_test) for a confirm job."""

    job: Job
    test: Any
    setup: Setup | None = None


@dataclass
class Group:
    """The runs of one program, which train side by side or `alone`.

    `halved` says how often its lanes did not fit the memory.
    """

    alone: bool
    waiting: deque[Waiting] = field(default_factory=deque)
    pack: Pack | None = None
    halved: int = 0

    @property
    def runs(self) -> int:
        return len(self.waiting) + (len(self.pack.occupied) if self.pack else 0)


class Packs:
    """Trains jobs in packs of `lanes` lanes, or one by one where that is 1.

    `room` may allow one program fewer lanes; `each` draws orders, side by side where it can.
    """

    def __init__(
        self,
        setups: Setups,
        programs: Programs,
        parts: Parts,
        lanes: int,
        room: Room | None = None,
        each: Each = map,
    ) -> None:
        self._setups, self._programs, self._parts = setups, programs, parts
        self._lanes, self._room, self._each = lanes, room, each
        self._groups: dict[str, Group] = {}
        self._current: Group | None = None
        self._ended: list[Result] = []

    @property
    def idle(self) -> bool:
        """Whether there is nothing to train or tell."""
        return not self._ended and not any(group.runs for group in self._groups.values())

    def add(self, job: Job, test: Any = None) -> None:
        """Take a job; it trains when its pack has a lane for it."""
        key, setup = "", None
        if self._lanes > 1 and self._setups.compiles(job.config, job.seeds):
            try:
                setup = self._setups.of(job.config, job.seeds, job.padded)
            except Exception:
                self._ended.append(_noted(failed(job, traceback.format_exc()), self._lanes, 0))
                return
            key = setup.signature.key
        group = self._groups.setdefault(key, Group(setup is None))
        group.waiting.append(Waiting(job, test, None if group.alone else setup))

    def step(self, ask: Ask, meanwhile: Callable[[], None] = lambda: None) -> list[Result]:
        """Train the fullest pack for an epoch, or a lone run to its end; what ended.

        `meanwhile` is called while the device works and may add jobs.
        """
        group = self._current = self._fullest()
        if group is not None:
            try:
                self._train(group, ask, meanwhile)
            except Exception as error:
                if out_of_memory(error):
                    self._halve(group)
                else:
                    self._fail(group, traceback.format_exc())
        ended, self._ended = self._ended, []
        return ended

    def _fullest(self) -> Group | None:
        """The group with most runs; where several have, the one that trains now, else the first."""
        groups = [group for group in self._groups.values() if group.runs]
        return max(groups, key=lambda g: (g.runs, g is self._current), default=None)

    def _train(self, group: Group, ask: Ask, meanwhile: Callable[[], None]) -> None:
        self._fill(group)
        if group.alone or group.pack is None:
            self._train_alone(group, ask)
            return
        group.pack.epoch(meanwhile)
        self._answer(group.pack, ask)
        for lane, occupant in group.pack.occupied:
            if occupant.host.status is not None:
                self._ended.append(self._result(group, group.pack, lane, occupant))
                group.pack.clear(lane)
        if not group.runs:
            group.pack = None

    def _fill(self, group: Group) -> None:
        """Give free lanes to waiting runs."""
        while group.waiting and not group.alone and (group.pack is None or group.pack.free):
            began, compiling = perf_counter(), self._programs.seconds
            job, test, setup = (waiting := group.waiting[0]).job, waiting.test, waiting.setup
            setup = setup or self._setups.of(job.config, job.seeds, job.padded)
            host = Host.of(job, setup.signature, self._parts)
            if group.pack is None:
                group.pack = self._pack(group, setup, host)
                group.alone = group.pack is None
            if group.pack is not None:
                setup = resumed(host, setup, self._maker(group.pack, setup))
                occupant = Occupant(host, setup if job.confirm else lean(setup), test)
                group.pack.place(group.pack.free[0], occupant, setup)
                group.waiting.popleft()
                occupant.compiling = self._programs.seconds - compiling
                occupant.seconds = perf_counter() - began

    def _pack(self, group: Group, setup: Setup, host: Host) -> Pack | None:
        """A new pack of a group; None where its runs train alone."""
        signature = setup.signature
        build = partial(self._setups.build, setup)
        most = self._lanes if self._room is None else self._room(setup, build)
        lanes = min(self._lanes, most) >> group.halved
        if lanes <= 1:
            return None
        inputs = setup, self._parts.data, host.order(1)
        found = packed(self._programs, signature, build, lanes, inputs)
        return Pack(found, self._parts.data, signature.ragged, self._each)

    def _answer(self, pack: Pack, ask: Ask) -> None:
        hosts = {one.host.job.run: one.host for _, one in pack.occupied}
        asking = [(run, *host.asks) for run, host in hosts.items() if host.asks is not None]
        answers = ask(asking) if asking else {}
        for run, go in answers.items():
            hosts[run].answer(go)

    def _result(self, group: Group, pack: Pack, lane: int, occupant: Occupant) -> Result:
        began, compiling = perf_counter(), self._programs.seconds
        host, setup = occupant.host, occupant.setup
        held = self._programs, self._setups, self._parts
        try:
            found = result(host, setup, pack.kept(lane), *held, occupant.test)
            if host.pauses:
                state = paused(host, pack.carry(lane), self._maker(pack, setup))
                found = replace(found, state=state)
        except Exception as error:
            if out_of_memory(error):
                raise
            found = failed(host.job, traceback.format_exc())
        spent = occupant.compiling + self._programs.seconds - compiling
        seconds = {"total": occupant.seconds + perf_counter() - began, "compile": spent}
        found = found.noting({"prefix": pack.has_prefix}, seconds=seconds)
        return _noted(found, len(pack.occupants), group.halved)

    def _maker(self, pack: Pack, setup: Setup) -> str:
        return maker(setup, self._programs, len(pack.occupants))

    def _train_alone(self, group: Group, ask: Ask) -> None:
        """Train the first waiting run by itself, to its end."""
        waiting = group.waiting.popleft()
        job = waiting.job

        def report(epoch: int, score: float) -> bool:
            return ask([(job.run, epoch, score)])[job.run]

        try:
            found = train(job, self._setups, self._programs, self._parts, waiting.test, report)
        except Exception as error:
            found = failed(job, traceback.format_exc())
            if out_of_memory(error):
                say = "out of memory: the device does not hold this run even by itself"
                found = failed(job, f"{traceback.format_exc()}\n{say}")
        self._ended.append(_noted(found, 1, group.halved))

    def _halve(self, group: Group) -> None:
        """Start the runs of a pack again, in half as many lanes."""
        group.halved += 1
        if group.pack is not None:
            again = [Waiting(one.host.job, one.test) for _, one in group.pack.occupied]
            group.waiting.extendleft(reversed(again))
            group.pack = None

    def _fail(self, group: Group, reason: str) -> None:
        """What raises for one run of a program raises for all that train with it."""
        pack, group.pack = group.pack, None
        jobs = [one.host.job for _, one in pack.occupied] if pack else []
        lanes = len(pack.occupants) if pack else max(1, self._lanes >> group.halved)
        jobs = jobs or [group.waiting.popleft().job]
        self._ended += [_noted(failed(job, reason), lanes, group.halved) for job in jobs]


def lean(setup: Setup) -> Setup:
    """A setup without its values: shapes alone."""
    carry, run = jax.eval_shape(lambda *values: values, setup.carry, setup.run)
    return replace(setup, carry=carry, run=run, initial={})


def out_of_memory(error: BaseException) -> bool:
    """Whether XLA says that the device's memory does not suffice."""
    return isinstance(error, JaxRuntimeError) and "RESOURCE_EXHAUSTED" in str(error)


def _noted(found: Result, lanes: int, halved: int) -> Result:
    return found.noting({"lanes": lanes, **({"halved": halved} if halved else {})})
