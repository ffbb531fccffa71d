"""The table of arms and the ranking of configurations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any

from hpstudy.analysis.ranges import searched
from hpstudy.analysis.ranking import Ranked
from hpstudy.analysis.record import CellRecord
from hpstudy.analysis.words import lost, mean, number, setting, spoken, thousands
from hpstudy.report.findings import DASH, Findings, at
from hpstudy.report.page import Section, Table, render

FEW_CELLS, TOP_OF_FEW, TOP_OF_MANY = 12, 5, 3


def arms(findings: Findings) -> Section:
    """What every cell trained and scored, and which settings were chosen for it."""
    words = "Validation: mean over the fresh seeds on which it was picked. "
    again = words if findings.chosen_again else ""
    said = (
        f"The configuration picked for each {findings.cell}. {again}Test: mean \u00b1 standard "
        "deviation over confirm seeds. Gap: training score, a running mean of its epoch in "
        "training mode, minus test. Seconds: mean of a confirm run."
    )
    measure = findings.measure
    scored = ["trained", "frozen", "total", measure.label("validation"), measure.label("test")]
    scored += ["seeds", "gap", "epochs", "seconds"]
    cells = findings.record.cells
    tables = [_by_arm(findings, cells, said, ["trains", *scored], _scored, first_number=1)]
    searched_ones = [cell for cell in cells if _own(cell)]
    if searched_ones:
        chosen = [setting(key) for key in findings.keys]
        said = "The settings that each search chose."
        cut = [value for cell in searched_ones for value in _chosen(findings, cell)]
        if any(value.startswith("(") for value in cut):
            said += " In brackets: fixed there, not searched."
        if DASH in cut:
            said += f" {DASH}: swept, or no setting of that configuration."
        tables.append(_by_arm(findings, searched_ones, said, chosen, _chosen, first_number=0))
    return Section("arms", "Arms", render("tables.html.j2", tables=tables, notes=[]))


def _by_arm(
    findings: Findings,
    cells: Sequence[CellRecord],
    caption: str,
    header: Sequence[str],
    row: Callable[[Findings, CellRecord], Sequence[Any]],
    first_number: int,
) -> Table:
    """A row for each cell: under its arm, at its sweep point; or after its arm without a sweep.

    Columns in which no cell has anything are left out.
    """
    axes = findings.axes(cell.point for cell in cells)
    groups: dict[str, list[list[Any]]] = {}
    for cell in cells:
        place = at(axes, cell.point) or [cell.arm]
        group = cell.arm if axes else ""
        groups.setdefault(group, []).append([*place, *row(findings, cell)])
    heads = [*(axes.values() or ["arm"]), *header]
    every = [line for lines in groups.values() for line in lines]
    kept = [place for place in range(len(heads)) if any(line[place] != "" for line in every)]
    words = range(len(axes), max(len(axes), 1) + first_number)
    return Table(
        caption,
        [heads[place] for place in kept],
        [(arm, [[line[place] for place in kept] for line in own]) for arm, own in groups.items()],
        [new for new, place in enumerate(kept) if place not in words],
    )


def _scored(findings: Findings, cell: CellRecord) -> list[str]:
    measure, record = findings.measure, findings.record
    counts = cell.counts
    share = ""
    if counts and counts["trained"] != counts["total"]:
        share = f" ({100 * counts['trained'] / counts['total']:.2g}%)"
    scores = cell.test_scores(record.metric)
    decimals = findings.decimals(cell)
    gaps = [
        run["metrics"][f"train_{record.metric}"] - run["metrics"][f"test_{record.metric}"]
        for run in cell.confirmed
        if run["status"] == "finished" and f"train_{record.metric}" in run["metrics"]
    ]
    seconds = [(run.get("seconds") or {}).get("total") for run in cell.confirm]
    known = [float(second) for second in seconds if second is not None]
    epochs = dict.fromkeys(str(run["epochs"]) for run in cell.confirmed)
    ends = [int(epoch) for epoch in epochs]
    best = next((one.choose_mean for one in findings.ranked[cell.name] if one.picked), None)
    return [
        subset(cell),
        thousands(counts.get("trained")) + share,
        thousands(counts.get("frozen")),
        thousands(counts.get("total")),
        measure.value(best, decimals) if best is not None else "",
        mean(measure, scores, decimals),
        str(len(scores)) if scores else "",
        measure.bare_difference(fmean(gaps), decimals - 1) if gaps else "",
        f"{min(ends)} to {max(ends)}" if len(ends) > 1 else "".join(epochs),
        f"{fmean(known):.2g}" if known else "",
    ]


def _own(cell: CellRecord) -> frozenset[str]:
    """The settings of the pick that were searched for."""
    return frozenset(one.key for one in searched(cell.settings, cell.config))


def _chosen(findings: Findings, cell: CellRecord) -> list[str]:
    """The pick's settings that any arm searched; in brackets where this one has them fixed."""
    own, config = _own(cell), cell.config
    told = (number(config[key]) if key in config else DASH for key in findings.keys)
    return [
        value if key in own or value == DASH else DASH if key in cell.point else f"({value})"
        for key, value in zip(findings.keys, told, strict=True)
    ]


def subset(cell: CellRecord) -> str:
    """'random, match batchnorm': the rule that says what trains."""
    settings = {**cell.settings, **cell.config}
    parts = [_value(settings.get("subset.train", "all"))]
    for key in ("per_unit", "fraction", "match"):
        if f"subset.{key}" in settings:
            parts.append(f"{spoken(key)} {_value(settings[f'subset.{key}'])}")
    return ", ".join(parts)


def _value(value: Any) -> str:
    return "searched" if isinstance(value, dict) else number(value)


def ranking(findings: Findings) -> Section:
    """The best configurations of every cell; all of them are in ranking.csv."""
    cells = findings.record.cells
    top = TOP_OF_FEW if len(cells) <= FEW_CELLS else TOP_OF_MANY
    keys = findings.keys
    again = findings.chosen_again
    header = ["rank", "trial", *(setting(key) for key in keys), "trained"]
    header += [*(["mean on fresh seeds", "fresh seeds"] if again else []), "score in the search"]
    header += ["search run"]
    groups = []
    for cell in cells:
        own = findings.ranked[cell.name][:top]
        if own:
            rows = [_ranked_row(findings, one, keys, again) for one in own]
            groups.append((findings.label(cell), rows))
    caption = (
        f"The first {top} configurations of each {findings.cell} by validation score; \u2713 marks "
        "the pick. "
    )
    if again:
        caption += (
            "Fresh seeds: those on which the best of the search were trained again, to choose "
            "among them. "
        )
    caption += "ranking.csv holds all."
    table = Table(caption, header, groups, range(len(header) - 1))
    notes = [] if groups else ["No trial has ended yet."]
    body = render("tables.html.j2", tables=[table] if groups else [], notes=notes)
    return Section("ranking", "Ranking", body)


def _ranked_row(findings: Findings, one: Ranked, keys: Sequence[str], again: bool) -> list[Any]:
    measure = findings.measure
    decimals = 2 if measure.percent else 4
    status = one.status + (f", proposed {one.repeats + 1} times" if one.repeats else "")
    chosen, search = one.choose_mean, one.search_score
    fresh = [
        measure.value(chosen, decimals) if chosen is not None else "",
        f"{one.choose_runs}{lost(one.choose_diverged, one.choose_failed)}"
        if one.choose_runs
        else "",
    ]
    return [
        f"\u2713 {one.rank}" if one.picked else str(one.rank),
        str(one.trial),
        *(number(one.config[key]) if key in one.config else "" for key in keys),
        thousands(one.counts.get("trained")),
        *(fresh if again else []),
        measure.value(search, decimals) if search is not None else "",
        status,
    ]
