"""The verdicts in words and numbers, and the contrast picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hpstudy.analysis.contrast import Contrast
from hpstudy.analysis.digits import of_difference
from hpstudy.analysis.words import p_value, thousands
from hpstudy.report.figures import contrast as figure
from hpstudy.report.findings import Findings, at
from hpstudy.report.page import Group, Key, Panel, Section, Table, arm_keys, figures, render


def verdicts(findings: Findings) -> Section:
    """One sentence per contrast and sweep point, and the numbers behind it."""
    raised = {flag.name for one in findings.contrasts for flag in one.flags}
    body = render(
        "verdicts.html.j2",
        groups=[
            (pair, [said for _, said in found], _numbers(findings, pair, [one for one, _ in found]))
            for pair, found in findings.groups
        ],
        several=len([one for one in findings.contrasts if one.interval is not None]),
        sampled=any(one.test and one.test.method == "sampled" for one in findings.contrasts),
        unalike="networks differ" in raised,
    )
    return Section("verdict", "The verdict", body)


def _numbers(findings: Findings, pair: tuple[str, str], found: Sequence[Contrast]) -> Table | None:
    measure, (a, b) = findings.measure, pair
    unit = " (points)" if measure.percent else ""
    header = ["n", a, b, f"difference{unit}", "95% interval", "sign-flip p", "smallest p"]
    header += ["test half-width", f"trained, {a}", f"trained, {b}"]
    rows, axes = [], findings.axes(one.point for one in found)
    for one in found:
        interval, test = one.interval, one.test
        if interval is None or test is None:
            continue
        decimals = of_difference(one)
        bare = measure.bare_difference
        limits = "none from one seed"
        if interval.low is not None and interval.high is not None:
            low, high = (bare(end, decimals, "-") for end in (interval.low, interval.high))
            limits = f"{low} to {high}"
        half = "" if one.half_width is None else f"+/-{bare(one.half_width, decimals, '-')}"
        rows.append(
            [
                *at(axes, one.point),
                str(one.n),
                measure.value(one.mean_a, findings.digits[one.a.name]),
                measure.value(one.mean_b, findings.digits[one.b.name]),
                bare(interval.mean, decimals),
                limits,
                p_value(test.p),
                p_value(test.smallest),
                half,
                thousands(one.a.counts.get("trained")),
                thousands(one.b.counts.get("trained")),
            ]
        )
    if not rows:
        return None
    label = measure.label("test")
    caption = (
        f"{a} minus {b}, {label} on {findings.record.study['data']['name']}. Test half-width: 95%, "
        "from the test examples alone."
    )
    heads = [*axes.values(), *header]
    return Table(caption, heads, [("", rows)], range(len(heads)))


_HOLLOW = Key("hollow: diverged seed", "--muted", stroke="M6 2a4 4 0 1 0 .01 0z")


def _diverged(one: Contrast) -> bool:
    return any(run["status"] == "diverged" for cell in (one.a, one.b) for run in cell.confirm)


def picture(findings: Findings) -> Section:
    """Every seed a dot, pairs joined, the mean difference with its interval."""
    groups = []
    for number, ((a, b), found) in enumerate(findings.groups):
        shown = [one for one, _ in found if one.interval is not None]
        panels = [
            Panel(
                findings.where(one.point),
                figure.pairs(f"pairs-{number}-{place}", one, shown, findings.looks, str(said)),
            )
            for place, (one, said) in enumerate(found)
            if one.interval is not None
        ]
        if len(shown) > 2:
            panels.insert(0, _overview(findings, number, shown))
        groups.append(Group(f"{a} against {b}", panels))
    if not findings.record.axes:
        # a panel each, which their contrasts name
        groups = [
            Group("", [replace(one.panels[0], title=one.title) for one in groups if one.panels])
        ]
    elif len(groups) == 1:
        groups = [replace(groups[0], title="")]
    keys = [
        *arm_keys(findings.looks),
        *([_HOLLOW] if any(_diverged(one) for one in findings.contrasts) else []),
        Key("mean difference, 95% interval", path="M6 2l4 4-4 4-4-4z", stroke="M6 0v12"),
    ]
    caption = (
        "Left: the test score of every confirm seed, with the two runs of a seed joined and the "
        "mean of each arm as a bar. Right: their differences, the mean difference and its paired t "
        "interval. Panels of one contrast share their axes."
    )
    if not any(group.panels for group in groups):
        caption = "No contrast has a pair of confirm runs yet."
        keys = []
    return Section("contrast", "The contrast", figures("", keys, groups, caption))


def _overview(findings: Findings, number: int, shown: Sequence[Contrast]) -> Panel:
    names = findings.record.axis_names()
    axes = [axis for axis in names if len({one.point.get(axis) for one in shown}) > 1]
    labels = [findings.where({k: one.point[k] for k in axes if k in one.point}) for one in shown]
    if len(axes) == 1:
        labels = [label.removeprefix(f"{names[axes[0]]} ") for label in labels]
    axis = names[axes[0]] if len(axes) == 1 else ""
    alt = f"Paired differences between {shown[0].a.arm} and {shown[0].b.arm} at each sweep point."
    svg = figure.by_point(f"points-{number}", shown, labels, axis, alt)
    return Panel("all sweep points", svg)
