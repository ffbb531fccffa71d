"""Flags of one arm's own search and training: edges, curves, divergence, dead units."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hpstudy.analysis.evidence import Evidence
from hpstudy.analysis.flag import Flag
from hpstudy.analysis.ranges import searched
from hpstudy.analysis.record import CellRecord
from hpstudy.analysis.words import Measure, count, number, setting
from hpstudy.store import Event

BURST = 2.0  # times the validation loss that a test loss may be
MANY_DEAD = 0.1  # of the units


def edge(cell: CellRecord) -> list[Flag]:
    """Chosen values within 5% of their range in its own scale, or at the end of a choice."""
    found = [
        (one, cell.config[one.key], side)
        for one in searched(cell.settings, cell.config)
        if (side := one.edge(cell.config[one.key])) is not None
    ]
    if not found:
        return []
    if len(found) > 1:
        told = ", ".join(f"{setting(one.key)} {number(v)} ({one.extent})" for one, v, _ in found)
        return [Flag("edge", f"{cell.arm} has values at an edge of their range: {told}")]
    ((one, value, side),) = found
    if one.options:
        where = f"the {'smallest' if side == 'lower' else 'largest'} of {one.extent}"
    else:
        where = f"at the {side} edge of {one.extent}"
    return [Flag("edge", f"{cell.arm}'s {setting(one.key)} {number(value)} is {where}")]


def still_rising(cells: Sequence[CellRecord], evidence: Evidence, measure: Measure) -> list[Flag]:
    """Whether training stopped while the validation score was still getting better.

    The mean validation score of the last tenth of epochs minus that of the tenth before exceeds
    twice its standard error over the confirm seeds.
    """
    told = []
    for cell in cells:
        gain = _significant_gain(cell, evidence, measure.maximise)
        if gain is not None:
            places = 2 if measure.percent else measure.decimals(abs(gain))
            told.append(f"{cell.arm} ({measure.difference(gain, places)})")
    verb = "rising" if measure.maximise else "falling"
    label = measure.label("validation")
    words = f"{label} was still {verb} over the last epochs of {' and '.join(told)}"
    return [Flag("still rising", words)] if told else []


def _significant_gain(cell: CellRecord, evidence: Evidence, maximise: bool) -> float | None:
    found = [gain for run in cell.confirmed if (gain := evidence.gain(run)) is not None]
    if len(found) < 2:
        return None
    mean = float(np.mean(found))
    error = float(np.std(found, ddof=1)) / math.sqrt(len(found))
    better = mean if maximise else -mean
    return mean if better > 0 and better > 2 * error else None


def diverged_seeds(cell: CellRecord, measure: Measure) -> list[Flag]:
    diverged = [run for run in cell.confirmed if run["status"] == "diverged"]
    if not diverged:
        return []
    score = measure.value(diverged[0]["metrics"].get(f"test_{measure.metric}"))
    words = f"{len(diverged)} of {count(len(cell.confirmed), 'seed')} of {cell.arm} diverged and"
    verb = "counts" if len(diverged) == 1 else "count"
    return [Flag("diverged seeds", f"{words} {verb} as the constant predictor ({score})")]


def dead_units(cell: CellRecord, evidence: Evidence) -> list[Flag]:
    """Units whose moving variance ended below the normalisation's epsilon, by confirm seed.

    Such a unit, a ReLU that no training example switches on, passes nothing to a normalisation
    behind it. An example that does switch it on is scaled by up to 1 / sqrt(epsilon), so that few
    test examples can decide the test loss. Grave from a tenth of the units, or where it did.
    """
    found = [dead for run in cell.confirmed if (dead := evidence.dead(run)) is not None]
    if not found or not any(dead for dead, _ in found):
        return []
    counts, total = [dead for dead, _ in found], found[0][1]
    least, most = min(counts), max(counts)
    seen = str(most) if least == most else f"{least} to {most}"
    verb = "varies" if seen == "1" else "vary"
    words = (
        f"{seen} of {count(total, 'unit')} of {cell.arm} hardly {verb} over training examples, as "
        "dead ReLUs do"
    )
    burst = [pair for run in cell.confirmed if (pair := _burst(run)) is not None]
    if burst:
        words += f", and {_worst(burst)}"
    return [Flag("dead units", words, grave=bool(burst) or most >= MANY_DEAD * total)]


def _burst(run: Event) -> tuple[float, float] | None:
    """A run's validation and test loss, where the second is far above the first."""
    both = [run["metrics"].get(key) for key in ("loss", "test_loss")]
    if None in both or both[1] <= BURST * both[0]:
        return None
    return float(both[0]), float(both[1])


def _worst(burst: Sequence[tuple[float, float]]) -> str:
    """How many seeds' losses burst, and the worst of them."""
    validated, tested = max(burst, key=lambda pair: pair[1] / pair[0] if pair[0] else math.inf)
    if len(burst) == 1:
        return f"one seed's loss is {tested:.3g} in testing against {validated:.3g} in validation"
    return (
        f"the losses of {len(burst)} seeds are over {BURST:g} times as high in testing as in "
        f"validation, at worst {tested:.3g} against {validated:.3g}"
    )
