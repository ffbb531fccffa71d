"""One sentence for each contrast and sweep point, with everything that qualifies it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hpstudy.analysis.compared import bought, networks_compared
from hpstudy.analysis.contrast import Contrast
from hpstudy.analysis.digits import digits, of_difference
from hpstudy.analysis.flag import Flag
from hpstudy.analysis.record import CellRecord, StudyRecord
from hpstudy.analysis.remarks import Remark
from hpstudy.analysis.statistics import LEVEL
from hpstudy.analysis.words import Measure, p_value, point, thousands

# what the sentence itself says, unless it calls the claim into question
SAID = ("networks differ", "counts differ")


@dataclass(frozen=True)
class Verdict:
    """A verdict in its parts; `str` joins them into the one sentence.

    `answer` says who reaches what and which is better; `evidence`, by which numbers; the remarks,
    what was compared and what a referee would raise.
    """

    answer: str
    evidence: str = ""
    remarks: tuple[Remark, ...] = ()

    @property
    def claim(self) -> str:
        """The answer and its numbers."""
        return f"{self.answer}{self.evidence}"

    @property
    def doubts(self) -> tuple[str, ...]:
        """What calls the claim into question."""
        return tuple(one.words for one in self.remarks if one.grave)

    def __str__(self) -> str:
        return "; ".join([self.claim, *(one.words for one in self.remarks)]) + "."


def verdict(
    record: StudyRecord, one: Contrast, decimals: Mapping[str, int] | None = None
) -> Verdict:
    """The sentence of one contrast; where nothing is confirmed it says what is missing.

    `decimals` are those of each cell's mean score; by default, what this contrast alone needs.
    """
    where = _where(record, one)
    if one.interval is None:
        return Verdict(f"{where}{_missing(record, one)}")
    measure, places = Measure(one.metric, one.maximise), decimals or digits([one])
    label = measure.label("test") + ("" if one.maximise else " (lower is better)")
    a = measure.value(one.mean_a, places[one.a.name])
    b = measure.value(one.mean_b, places[one.b.name])
    outcome, evidence = _statistics(one, measure)
    answer = f"{where}{one.a.arm} reaches {a} {label} against {one.b.arm}'s {b}: {outcome}"
    unfinished = [Remark(words, True) for words in _unfinished(record, one)]
    told = [Remark(flag.words, flag.grave) for flag in one.flags if not _said(flag)]
    compared = [Remark(*networks_compared(record, one.a, one.b))]
    compared += [Remark(words, False) for words in bought(one.a, one.b)]
    return Verdict(answer, evidence + _trained(one), (*compared, *unfinished, *told))


def _said(flag: Flag) -> bool:
    return flag.name == SAID[0] or (flag.name == SAID[1] and not flag.grave)


def _statistics(one: Contrast, measure: Measure) -> tuple[str, str]:
    """What came out, and by which numbers."""
    interval, test, decimals = one.interval, one.test, of_difference(one)
    assert interval is not None and test is not None
    gap = measure.difference(interval.mean, decimals)
    if one.n == 1:
        return f"{gap} from one seed", ", which gives no interval and no test"
    p = f"sign-flip p = {p_value(test.p)}"
    if test.method == "sampled":
        p += " [sampled]"
    if test.smallest > LEVEL:
        p += f" [smallest possible {p_value(test.smallest)}]"
    elif not one.alike and (test.p < LEVEL) == interval.covers_zero:
        p += ", at odds with the interval"
    if interval.low is None or interval.high is None:
        numbers = f"the same on each of {one.n} paired seeds, which gives no interval, {p}"
    else:
        ends = (interval.low, interval.high)
        low, high = (measure.bare_difference(end, decimals, "-") for end in ends)
        numbers = f"95% interval {low} to {high}, n = {one.n} paired seeds, {p}"
    if one.untested:
        return f"{gap}, which {one.n} seeds are too few to show", f" ({numbers})"
    return (gap, f" ({numbers})") if one.shown else ("no difference shown", f" ({gap}, {numbers})")


def _trained(one: Contrast) -> str:
    """', training 256 of 101,898 against all 101,898 parameters'."""
    sides = [_share(cell) for cell in (one.a, one.b)]
    if not all(sides):
        return ""
    if sides[0] == sides[1]:
        return f", each training {sides[0]} parameters"
    return f", training {sides[0]} against {sides[1]} parameters"


def _share(cell: CellRecord) -> str:
    counts = cell.counts
    if not counts:
        return ""
    trained, total = thousands(counts["trained"]), thousands(counts["total"])
    return f"all {total}" if trained == total else f"{trained} of {total}"


def _where(record: StudyRecord, one: Contrast) -> str:
    words = point(one.point, record.axis_names())
    return f"At {words}, " if words else ""


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
