"""The contrast picture: every seed of every contrast at every sweep point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from hpstudy.analysis.contrast import Contrast
from hpstudy.analysis.words import spoken
from hpstudy.report.figures import contrast as figure
from hpstudy.report.findings import Findings
from hpstudy.report.page import Group, Key, Panel, Section, arm_keys, figures

_HOLLOW = Key("hollow: diverged seed", "--muted", stroke="M6 2a4 4 0 1 0 .01 0z")


def picture(findings: Findings) -> Section:
    """Every seed a dot, pairs joined, the mean difference with its interval."""
    groups = []
    for number, ((a, b), found) in enumerate(findings.groups):
        shown = [one for one, _ in found if one.interval is not None]
        panels = [
            Panel(
                findings.where(one.point),
                partial(
                    figure.pairs, f"pairs-{number}-{place}", one, shown, findings.looks, str(said)
                ),
            )
            for place, (one, said) in enumerate(found)
            if one.interval is not None
        ]
        if len(shown) > 2:
            panels.insert(0, _overview(findings, number, shown))
        groups.append(Group(f"{a} against {b}", panels))
    if all(len(group.panels) < 2 for group in groups):
        # a panel each, which their contrasts name
        groups = [Group("", [_named(group) for group in groups if group.panels])]
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
    if any(one.alike for one in findings.contrasts):
        caption += " Equal differences give no interval."
    if not any(group.panels for group in groups):
        caption = "No contrast has a pair of confirm runs yet."
        keys = []
    return Section("contrast", "The contrast", figures("", keys, groups, caption))


def _named(group: Group) -> Panel:
    """The only panel of a contrast, with its contrast in its title."""
    (panel,) = group.panels
    return replace(panel, title=", ".join(part for part in (group.title, panel.title) if part))


def _diverged(one: Contrast) -> bool:
    return any(run["status"] == "diverged" for cell in (one.a, one.b) for run in cell.confirm)


def _overview(findings: Findings, number: int, shown: Sequence[Contrast]) -> Panel:
    names = findings.record.axis_names()
    axes = [axis for axis in names if len({one.point.get(axis) for one in shown}) > 1]
    labels = [findings.where({k: one.point[k] for k in axes if k in one.point}) for one in shown]
    if len(axes) == 1:
        labels = [label.removeprefix(f"{spoken(names[axes[0]])} ") for label in labels]
    axis = spoken(names[axes[0]]) if len(axes) == 1 else ""
    alt = f"Paired differences between {shown[0].a.arm} and {shown[0].b.arm} at each sweep point."
    drawn = partial(figure.by_point, f"points-{number}", shown, labels, axis, alt)
    return Panel("all sweep points", drawn)
