"""What a worker is told to do and what it answers, as plain data that crosses a pipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hpstudy.tracebacks import told

# (epoch, score so far) -> go on?
Report = Callable[[int, float], bool]


@dataclass(frozen=True)
class Job:
    """One run: everything that decides its result, and what to keep of it.

    `padded` holds the settings that its program rounds up (see `hpstudy.engine.padding`). Where
    the run `keeps` its state, a rung that ends it gives the state too; the file `state` is that of
    an earlier end, after the epoch where the run `begins`.
    """

    run: str
    config: Mapping[str, Any]
    seeds: Mapping[str, int]
    metric: str
    at: str | int
    maximise: bool
    rungs: tuple[int, ...] = ()
    confirm: bool = False
    padded: Mapping[str, Any] = field(default_factory=dict)
    keeps: bool = False
    begins: int = 0
    state: str = ""


@dataclass(frozen=True)
class Probe:
    """One trial of somebody else's hypermodel, to be built and not trained.

    `config` holds what the study file says; what the hypermodel asks for is not in it yet.
    """

    run: str
    config: Mapping[str, Any]
    seeds: Mapping[str, int]


@dataclass(frozen=True)
class Result:
    """A run's record, in the form of its event, with its curves, its arrays and its kept state."""

    record: dict[str, Any]
    curves: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)

    def noting(self, numerics: Mapping[str, Any], **facts: Any) -> Result:
        """The same result with more numerics, and more facts, in its record."""
        known = {**self.record.get("numerics", {}), **numerics}
        return replace(self, record={**self.record, "numerics": known, **facts})


def failed(job: Job, reason: str) -> Result:
    """The result of a run that raised or whose worker died."""
    return Result({"run": job.run, "status": "failed", "reason": told(reason), "score": None})
