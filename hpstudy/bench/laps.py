"""The arithmetic of a race: medians, ratios within one repeat, and where hpstudy's time went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import Any


@dataclass(frozen=True)
class Lap:
    """One peer's run of one repeat, in seconds; `began` is when its first trial started.

    `accuracies` are each trial's best validation accuracy, in the order of the configurations,
    None where it diverged; `parts` are hpstudy's own marks.
    """

    repeat: int
    peer: str
    trials: int
    wall: float
    began: float = 0.0
    accuracies: tuple[float | None, ...] = ()
    parts: Mapping[str, Any] = field(default_factory=dict)
    failure: str | None = None

    def seconds(self, trials: int) -> float:
        """The wall time of `trials` trials: measured, or extrapolated where the lap had fewer.

        Extrapolated: the time until the first trial started, and the mean of the rest for each.
        """
        if trials == self.trials:
            return self.wall
        return self.began + (self.wall - self.began) / self.trials * trials

    @property
    def words(self) -> str:
        """'optuna-jax, 8 trials, 5.4 s'."""
        ended = "failed" if self.failure else f"{self.wall:.1f} s"
        return f"{self.peer}, {self.trials} trials, {ended}"


def of_peer(laps: Iterable[Lap], peer: str) -> dict[int, Lap]:
    """A peer's laps that did not fail, by repeat."""
    return {lap.repeat: lap for lap in laps if lap.peer == peer and lap.failure is None}


def ratio(laps: Sequence[Lap], peer: str, own: str, trials: int) -> float | None:
    """How many times longer `peer` takes than `own`: a ratio for each repeat, then the median."""
    above, below = of_peer(laps, peer), of_peer(laps, own)
    found = [
        above[repeat].seconds(trials) / below[repeat].seconds(trials)
        for repeat in above.keys() & below.keys()
    ]
    return median(found) if found else None


def best(laps: Sequence[Lap], peer: str) -> float | None:
    """The best validation accuracy of a peer's trials, the median over repeats."""
    found = [
        max(score for score in lap.accuracies if score is not None)
        for lap in of_peer(laps, peer).values()
        if any(score is not None for score in lap.accuracies)
    ]
    return median(found) if found else None


def shared(laps: Iterable[Lap]) -> list[int]:
    """The numbers of the trials that every peer trained in every repeat, none of them diverged."""
    lists = [lap.accuracies for lap in laps if lap.failure is None]
    count = min((len(scores) for scores in lists), default=0)
    return [i for i in range(count) if all(scores[i] is not None for scores in lists)]


def mean(laps: Sequence[Lap], peer: str, numbers: Sequence[int]) -> float | None:
    """A peer's mean accuracy over the trials `numbers`, the median over repeats."""
    found = [
        fmean(score for i in numbers if (score := lap.accuracies[i]) is not None)
        for lap in of_peer(laps, peer).values()
        if numbers
    ]
    return median(found) if found else None


def breakdown(lap: Lap) -> dict[str, float]:
    """Where the wall time of one of hpstudy's laps went, in seconds that add up to it.

    What happens in workers is divided by their number: with two of them, two seconds of training
    are one of the wall.
    """
    parts, workers = lap.parts, lap.parts["workers"]
    compiling = sum(run["seconds"]["compile"] for run in parts["runs"]) / workers
    total = sum(run["seconds"]["total"] for run in parts["runs"]) / workers
    ending = lap.wall - parts["last_ended"]
    start = lap.began - parts["started"]
    return {
        "import, read, split": parts["started"],
        "start workers": start,
        "compile or load": compiling,
        "train": total - compiling,
        "wait": lap.wall - parts["started"] - start - total - ending,
        "end": ending,
    }
