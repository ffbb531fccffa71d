"""How many random weights equal another arm, where their number is swept."""

from __future__ import annotations

from functools import partial

from hpstudy.analysis.kstar import noun, sentence
from hpstudy.analysis.words import number
from hpstudy.report.figures import kstar as figure
from hpstudy.report.findings import DASH, Findings
from hpstudy.report.page import Group, Key, Panel, Section, Table, arm_keys, figures, render


def kstar(findings: Findings) -> Section | None:
    """k* of each contrast over a swept amount; None where no amount is swept."""
    found = findings.kstars
    if not found:
        return None
    elsewhere = any(one.point for one in found)
    rows = [
        [
            *([findings.where(one.point) or DASH] if elsewhere else []),
            one.arm,
            one.other,
            noun(one),
            f"{number(one.amounts[0])} to {number(one.amounts[-1])}",
            str(one.seeds),
            one.words(one.value),
            one.interval,
        ]
        for one in found
    ]
    header = [
        *(["sweep point"] if elsewhere else []),
        "random arm",
        "equals",
        "amount",
        "swept",
        "seeds",
        "k*",
    ]
    caption = (
        "k*: the amount at which the mean paired difference, made rising in the amount and joined "
        "by straight lines over its logarithm, crosses zero. Interval: 95%, percentile bootstrap "
        "over seeds, nearer to 85% with 5 seeds and to 90% with 10; it covers neither the choice "
        "of each amount's configuration nor what lies between two amounts. BatchNorm trains 2 "
        "entries for each unit."
    )
    header.append("95% interval")
    table = Table(caption, header, [("", rows)], range(len(header) - 3, len(header)))
    panels = [
        Panel(
            ", ".join(
                part
                for part in (f"{one.arm} against {one.other}", findings.where(one.point))
                if part
            ),
            partial(
                figure.amounts,
                f"kstar-{place}",
                one,
                findings.looks[one.arm],
                findings.measure,
                sentence(findings.record, one),
            ),
        )
        for place, one in enumerate(found)
    ]
    arms = {one.arm for one in found}
    keys = [
        *arm_keys({arm: look for arm, look in findings.looks.items() if arm in arms}),
        Key("k* and its interval", path="M6 2l4 4-4 4-4-4z", stroke="M0 6h12"),
    ]
    said = (
        "The paired difference of every seed at each amount, above zero where the random weights "
        "do better, and their mean made rising."
    )
    body = render("tables.html.j2", tables=[table], notes=[]) + figures(
        "", keys, [Group("", panels)], said
    )
    return Section("kstar", "How many random weights", body)
