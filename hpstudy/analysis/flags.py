"""What a referee would raise about a contrast, each with its threshold and its words."""

from __future__ import annotations

import numpy as np

from hpstudy.analysis.compared import counts_differ, networks_differ
from hpstudy.analysis.evidence import Evidence
from hpstudy.analysis.finished import few_finished
from hpstudy.analysis.flag import Flag
from hpstudy.analysis.looks import look
from hpstudy.analysis.record import CellRecord, StudyRecord
from hpstudy.analysis.settled import unsettled
from hpstudy.analysis.statistics import ENOUGH_SEEDS, LEVEL, Interval, t_interval
from hpstudy.analysis.trained import dead_units, diverged_seeds, edge, still_rising
from hpstudy.analysis.unasked import never_asked
from hpstudy.analysis.words import Measure, thousands


def too_few_seeds(n: int) -> list[Flag]:
    """No differences of so few seeds make the sign-flip test reject."""
    if n >= ENOUGH_SEEDS:
        return []
    words = f"{n}; at least {ENOUGH_SEEDS} are needed for p < {LEVEL:g}"
    return [Flag("too few seeds", f"too few seeds for the sign-flip test ({words})")]


def no_interval(n: int, interval: Interval, examples: int, measure: Measure) -> list[Flag]:
    """Several seeds gave one and the same difference, which tells nothing of their spread."""
    if n < 2 or interval.half_width is not None:
        return []
    words = f"all {n} paired differences are equal, so how far seeds spread is unknown"
    if measure.percent:
        step = measure.difference(1 / examples, measure.decimals(1 / examples)).lstrip("+")
        words += (
            f" ({measure.name} on {thousands(examples)} test examples moves in steps of {step})"
        )
    return [Flag("no interval", words)]


def test_split_too_small(
    difference: float, half_width: float | None, examples: int, measure: Measure
) -> list[Flag]:
    """The image-side 95% half-width of the paired difference exceeds the difference."""
    if half_width is None or half_width <= abs(difference):
        return []
    width = measure.difference(half_width, measure.decimals(half_width)).lstrip("+")
    return [
        Flag(
            "test split too small",
            f"test split too small (its {thousands(examples)} examples alone leave +/-{width})",
        )
    ]


def not_above_constant(cell: CellRecord, constant: float | None, measure: Measure) -> list[Flag]:
    """The 95% t interval of an arm's confirm scores reaches the constant predictor's."""
    scores = np.asarray(cell.test_scores(measure.metric))
    if constant is None or not len(scores):
        return []
    one = t_interval(scores)
    if (one.mean if one.low is None else one.low) > constant:
        return []
    clearly = "clearly " if one.mean > constant else ""
    words = f"{cell.arm} is not {clearly}above the constant predictor ({measure.value(constant)})"
    return [Flag("not above constant", words)]


def of_contrast(
    record: StudyRecord,
    evidence: Evidence,
    a: CellRecord,
    b: CellRecord,
    n: int,
    interval: Interval,
    half_width: float | None,
) -> tuple[Flag, ...]:
    """Every flag of one contrast at one sweep point: what was compared, then what is in doubt."""
    measure = Measure(record.metric, record.maximise)
    return (
        *networks_differ(a, b),
        *counts_differ(a, b),
        *never_asked(a),
        *never_asked(b),
        *not_above_constant(a, record.constant, measure),
        *not_above_constant(b, record.constant, measure),
        *few_finished(a),
        *few_finished(b),
        *edge(a),
        *edge(b),
        *still_rising((a, b), evidence, measure),
        *too_few_seeds(n),
        *no_interval(n, interval, record.examples[2], measure),
        *test_split_too_small(interval.mean, half_width, record.examples[2], measure),
        *diverged_seeds(a, measure),
        *diverged_seeds(b, measure),
        *dead_units(a, evidence),
        *dead_units(b, evidence),
        *unsettled((a, b)),
        *look(a, b),
    )
