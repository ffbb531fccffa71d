"""How the picture of fronts is to be read: its legend and its caption."""

from __future__ import annotations

from collections.abc import Sequence

from hpstudy.analysis.pareto import Front
from hpstudy.analysis.words import count
from hpstudy.report.figures.pareto import few
from hpstudy.report.findings import Findings, numbered
from hpstudy.report.page import Key, arm_keys

_HOLLOW = "M6 2.5a3.5 3.5 0 1 0 .01 0z"


def legend(findings: Findings) -> list[Key]:
    """The arms that have fronts, and what each kind of mark is."""
    arms = {front.cell.arm for front in findings.fronts}
    keys = [
        *arm_keys({arm: look for arm, look in findings.looks.items() if arm in arms}),
        Key("front: search, one seed, validation", "--ink", "M6 4a2 2 0 1 0 .01 0z", "M0 6h12"),
        Key("beaten trial, at the edge where far off", "--muted", "M6 4.2a1.8 1.8 0 1 0 .01 0z"),
    ]
    tests = [point.tests for front in findings.fronts for point in front.members if point.tests]
    if any(few(one) for one in tests):
        dashes = f"M3 1.5h6M3 10.5h6{_HOLLOW}"
        keys.append(Key("hollow: mean test score; a dash for each seed", stroke=dashes))
    if not all(few(one) for one in tests):
        bar = f"M6 0v2.5M6 9.5v2.5{_HOLLOW}"
        keys.append(Key("hollow: test score, mean and 95% interval", stroke=bar))
    return keys


def caption(findings: Findings) -> str:
    """What a front is, what its evidence is worth, and why one is a single configuration."""
    steps = " The steps are what the search found for at most that cost."
    drawn = any(len(front.members) > 1 for front in findings.fronts)
    said = (
        "Each mark of a front is a configuration that no other of its arm beats: none scores as "
        f"well at a lower cost, or better at the same.{steps if drawn else ''} These are search "
        "scores, of one seed each and selected on, which favours the winners; the hollow marks are "
        "the same configurations on fresh seeds and the test split, on which nothing was selected."
    )
    single = [front for front in findings.fronts if len(front.members) == 1]
    return f"{said} {_alone(findings, single)}" if single else said


def _alone(findings: Findings, single: Sequence[Front]) -> str:
    """Why there is nothing to choose between score and cost."""
    named = numbered([findings.label(front.cell) for front in single])
    verb = "front of {} is a single configuration" if len(single) == 1 else (
        "fronts of {} are single configurations"
    )  # fmt: skip
    tried = sorted({len(front.points) for front in single})
    among = count(tried[0], "trial") if len(tried) == 1 else f"{tried[0]} to {tried[-1]} trials"
    why = "which scored best and cost least at once" if tried[-1] > 1 else "the only one there is"
    return f"The {verb.format(named)}, of {among} that finished: {why}."
