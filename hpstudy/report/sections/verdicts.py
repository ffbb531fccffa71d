"""The verdicts: their numbers in one table, then a sentence each, with what is in doubt."""

from __future__ import annotations

from hpstudy.analysis.contrast import Contrast
from hpstudy.analysis.digits import of_difference
from hpstudy.analysis.remarks import parted, shared
from hpstudy.analysis.statistics import ENOUGH_SEEDS, LEVEL
from hpstudy.analysis.words import p_value, source, thousands
from hpstudy.report.findings import Findings, at
from hpstudy.report.page import MANY, Section, Table, render
from hpstudy.report.sections.answers import answers, reading


def verdicts(findings: Findings) -> Section:
    """Every answer at a glance, a sentence for each, and the numbers behind them.

    A table of answers comes first where a contrast has several, else the numbers do; a single
    sentence needs neither.
    """
    raised = {flag.name for one in findings.contrasts for flag in one.flags}
    compared = [one for one in findings.contrasts if one.interval is not None]
    told = shared([said.remarks for said in findings.verdicts])
    swept = any(len(found) > 1 for _, found in findings.groups)
    tables = answers(findings) if compared and swept else []
    body = render(
        "verdicts.html.j2",
        tables=tables,
        reading=reading(findings, tables),
        table=_numbers(findings) if compared else None,
        at_once=not swept and len(compared) > 1,
        groups=[
            (
                pair,
                [(said, *parted(said.remarks, told)) for _, said in found],
                sum(bool(said.doubts) for _, said in found),
            )
            for pair, found in findings.groups
        ],
        shared=parted(told),
        whose=" of both" if len(findings.verdicts) == 2 else " of all",
        fold=len(findings.verdicts) > MANY,
        headed=len(findings.groups) > 1 and any(len(own) > 1 for _, own in findings.groups),
        several=len(compared),
        level=LEVEL,
        seeds=ENOUGH_SEEDS,
        sampled=any(one.test and one.test.method == "sampled" for one in findings.contrasts),
        alike=any(one.alike for one in findings.contrasts),
        unalike="networks differ" in raised,
    )
    return Section("verdict", "The verdict", body)


def _numbers(findings: Findings) -> Table:
    """A row for each contrast and sweep point; arms are named in the header if no two pairs are."""
    measure, pairs = findings.measure, [pair for pair, _ in findings.groups]
    a, b = pairs[0] if len(pairs) == 1 else ("first", "second")
    unit = " (points)" if measure.percent else ""
    axes = findings.axes(one.point for one in findings.contrasts)
    header = [*axes.values(), "n", a, b, f"difference{unit}", "95% interval", "sign-flip p"]
    header += ["smallest p", "test half-width", f"trained, {a}", f"trained, {b}", "doubts"]
    groups = [
        (
            f"{pair[0]} against {pair[1]}" if len(pairs) > 1 else "",
            [
                [*at(axes, one.point), *_row(findings, one), str(len(said.doubts))]
                for one, said in found
                if one.interval
            ],
        )
        for pair, found in findings.groups
    ]
    what = (
        f"{a} minus {b}" if len(pairs) == 1 else "The first arm of each contrast minus its second"
    )
    data = findings.record.study["data"]
    caption = (
        f"{what}, {measure.label('test')} on {source(data['name'], data['options'])}. Test "
        "half-width: how far other test examples could move the difference, at 95%. Doubts: how "
        "many things call a row into question; its sentence tells them."
    )
    shown = [one for one in groups if one[1]]
    if len(pairs) > 1 and all(len(rows) == 1 for _, rows in shown):
        # a row each, which its contrast names
        alone = [[pair, *row] for pair, (row,) in shown]
        return Table(caption, ["contrast", *header], [("", alone)], range(1, len(header) + 1))
    return Table(caption, header, shown, range(len(header)))


def _row(findings: Findings, one: Contrast) -> list[str]:
    interval, test, measure = one.interval, one.test, findings.measure
    assert interval is not None and test is not None
    decimals, bare = of_difference(one), measure.bare_difference
    limits = "none, all equal" if one.alike else "none from one seed"
    if interval.low is not None and interval.high is not None:
        low, high = (bare(end, decimals, "-") for end in (interval.low, interval.high))
        limits = f"{low} to {high}"
    return [
        str(one.n),
        measure.value(one.mean_a, findings.digits[one.a.name]),
        measure.value(one.mean_b, findings.digits[one.b.name]),
        bare(interval.mean, decimals),
        limits,
        p_value(test.p),
        p_value(test.smallest),
        "" if one.half_width is None else f"+/-{bare(one.half_width, decimals, '-')}",
        thousands(one.a.counts.get("trained")),
        thousands(one.b.counts.get("trained")),
    ]
