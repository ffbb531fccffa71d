"""What the benchmark `floor` measures of a study, and the core-seconds that it tells apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from hpstudy.bench.configurations import Configuration, configurations
from hpstudy.bench.cores import Peak
from hpstudy.bench.epochs import Epochs
from hpstudy.bench.laps import Lap, of_peer
from hpstudy.bench.peers import WARM
from hpstudy.bench.products import Product, Sizes, of_study, operations, rate, step
from hpstudy.bench.studies import Study

UNITS = 2  # the narrowest network in which every subset has what it trains


@dataclass(frozen=True)
class Taken:
    """What was measured of a study so far, each list with one entry a repeat.

    `narrow` has each network at two units wide: next to no arithmetic, and as many steps.
    """

    study: Study
    chosen: tuple[Configuration, ...]
    sizes: Sizes
    peaks: list[Peak] = field(default_factory=list)
    narrow: list[Mapping[Configuration, Epochs]] = field(default_factory=list)
    laps: list[Lap] = field(default_factory=list)

    @classmethod
    def of(cls, study: Study) -> Taken:
        """Nothing yet of a study."""
        return cls(study, configurations(study, study.trials), of_study(study))

    @property
    def products(self) -> list[Product]:
        """The shapes whose peak is needed."""
        return list(dict.fromkeys(p for one in self.chosen for p in step(one, self.sizes)))

    @property
    def narrowed(self) -> list[Configuration]:
        """The narrow networks that stand for those of the study."""
        return list(dict.fromkeys(map(narrowed, self.chosen)))

    def warm(self) -> Iterator[tuple[int, Lap]]:
        """The warm run of each complete repeat: nothing is compiled in it."""
        yield from of_peer(self.laps, WARM).items()

    def as_json(self) -> dict[str, Any]:
        """All of it, with the parts of each complete repeat."""
        return {
            "study": asdict(self.study),
            "peaks": [[{**asdict(p), "seconds": s} for p, s in one.items()] for one in self.peaks],
            "narrow": [
                [{**asdict(one), **asdict(timed)} for one, timed in lap.items()]
                for lap in self.narrow
            ],
            "laps": [asdict(lap) for lap in self.laps],
            "parts": [
                dict(zip(("arithmetic", "steps", "trained"), parts(self, *one), strict=True))
                for one in self.warm()
            ],
        }


def narrowed(one: Configuration) -> Configuration:
    """The same network with next to no arithmetic."""
    return replace(one, width=UNITS, learning_rate=0.01)


def parts(taken: Taken, repeat: int, lap: Lap) -> tuple[float, float, float]:
    """Core-seconds of a study: its arithmetic at the peak, its steps without any, its training."""
    length, sizes = taken.study.epochs, taken.sizes
    arithmetic = sum(
        length * operations(one, sizes) / rate(one, sizes, taken.peaks[repeat])
        for one in taken.chosen
    )
    steps = sum(length * taken.narrow[repeat][narrowed(one)].epoch for one in taken.chosen)
    seconds = (run["seconds"] for run in lap.parts["runs"])
    return arithmetic, steps, sum(one["total"] - one["compile"] for one in seconds)
