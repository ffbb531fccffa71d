"""One sentence for each contrast and sweep point, with everything that qualifies it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from hpstudy.analysis import networks
from hpstudy.analysis.compared import (
    architecture_differences,
    differences,
    initial_differences,
)
from hpstudy.analysis.contrast import Contrast
from hpstudy.analysis.ranges import searched
from hpstudy.analysis.record import CellRecord, StudyRecord
from hpstudy.analysis.words import Measure, number, p_value, point, thousands
from hpstudy.spec.study import short


@dataclass(frozen=True)
class Remark:
    """One thing that qualifies a claim; `grave` where it calls the claim into question."""

    words: str
    grave: bool


@dataclass(frozen=True)
class Verdict:
    """A verdict in its parts; `str` joins them into the one sentence.

    `claim` says who reaches what; the remarks, what was compared and what a referee would raise.
    """

    claim: str
    remarks: tuple[Remark, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was compared, and what else a reader has to know."""
        return tuple(one.words for one in self.remarks if not one.grave)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What calls the claim into question."""
        return tuple(one.words for one in self.remarks if one.grave)

    def __str__(self) -> str:
        return "; ".join([self.claim, *(one.words for one in self.remarks)]) + "."


def verdict(record: StudyRecord, one: Contrast) -> Verdict:
    """The sentence of one contrast; where nothing is confirmed it says what is missing."""
    where = _where(record, one)
    if one.interval is None:
        return Verdict(f"{where}{_missing(record, one)}")
    measure = Measure(one.metric, one.maximise)
    decimals = measure.decimals(one.interval.half_width)
    label = measure.label("test") + ("" if one.maximise else " (lower is better)")
    a, b = (measure.value(mean, decimals) for mean in (one.mean_a, one.mean_b))
    sides = f"{one.a.arm}{_trained(one.a)} reaches {a} {label} against {one.b.arm}'s {b}"
    claim = f"{where}{sides}: {_statistics(one, measure, decimals)}"
    told = [Remark(flag.words, flag.grave) for flag in one.flags if flag.name != "networks differ"]
    unfinished = [Remark(words, True) for words in _unfinished(record, one)]
    return Verdict(claim, (_network(record, one), *unfinished, *told))


def _statistics(one: Contrast, measure: Measure, decimals: int) -> str:
    interval, test = one.interval, one.test
    assert interval is not None and test is not None
    gap = measure.difference(interval.mean, decimals)
    if interval.low is None or interval.high is None:
        return f"{gap} from one seed, which gives no interval and no test"
    low, high = (measure.bare_difference(x, decimals, "-") for x in (interval.low, interval.high))
    p = f"sign-flip p = {p_value(test.p)}"
    if test.method == "sampled":
        p += " [sampled]"
    elif test.smallest > 0.05:
        p += f" [smallest possible {p_value(test.smallest)}]"
    elif (test.p < 0.05) == interval.covers_zero:
        p += ", at odds with the interval"
    numbers = f"{gap}, 95% interval {low} to {high}, n = {one.n} paired seeds, {p}"
    return f"no difference shown ({numbers})" if interval.covers_zero else numbers


def _network(record: StudyRecord, one: Contrast) -> Remark:
    """What both networks are; grave where they differ, since the subsets then do not alone."""
    changed = architecture_differences(one.a, one.b)
    initial = initial_differences(one.a, one.b)
    but = f" but for {differences(one.a, one.b, initial)}" if initial else ""
    aside = networks.idle(one.a, one.b)
    if not changed:
        return Remark(f"same network ({network(record, one.a, aside)}){but}", grave=False)
    left, right = (network(record, cell, aside - {*changed}, changed) for cell in (one.a, one.b))
    words = f"networks differ: {one.a.arm} uses {left}, {one.b.arm} {right}{but}"
    return Remark(words, grave=True)


def network(
    record: StudyRecord, cell: CellRecord, aside: Collection[str], changed: Iterable[str] = ()
) -> str:
    """'mlp, depth 3, width 128': the type, and what is searched, swept or differs beside it.

    `aside` are settings that are no part of the network.
    """
    config = cell.config
    ranged = {one.key for one in searched(cell.settings, config)}
    named = {"model.depth", "model.width", *ranged, *record.axes, *changed} - {*aside}
    keys = sorted(k for k in named if k.startswith("model.") and k in config and k != "model.type")
    settings = (f"{short(key).replace('_', ' ')} {number(config[key])}" for key in keys)
    return ", ".join([str(config.get("model.type", "network")), *settings])


def _where(record: StudyRecord, one: Contrast) -> str:
    words = point(one.point, record.axis_names())
    return f"At {words}, " if words else ""


def _trained(cell: CellRecord) -> str:
    counts = cell.counts
    if not counts:
        return ""
    trained, total = thousands(counts["trained"]), thousands(counts["total"])
    return f" ({trained} of {total} parameters trained)"


def _missing(record: StudyRecord, one: Contrast) -> str:
    reasons = []
    for cell in (one.a, one.b):
        if cell.pick is None:
            reasons.append(f"{cell.arm} has no confirmed pick")
        elif not cell.confirmed:
            reasons.append(f"{cell.arm} has no confirm run with a test score")
    reason = " and ".join(reasons) or "no two confirm runs share a seed"
    return f"{one.a.arm} against {one.b.arm} has no verdict yet: {reason}"


def _unfinished(record: StudyRecord, one: Contrast) -> list[str]:
    planned = int(record.study["confirm_seeds"])
    lost = (
        (cell.arm, sum(r["status"] == "failed" for r in cell.confirm)) for cell in (one.a, one.b)
    )
    failed = [f"{count} confirm {_runs(count)} of {arm} failed" for arm, count in lost if count]
    short_of = [f"{one.n} of {planned} planned pairs are in"] if one.n < planned else []
    return [*short_of, *failed]


def _runs(count: int) -> str:
    return "run" if count == 1 else "runs"
