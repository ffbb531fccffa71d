"""A race's laps as tables: one of the peers, one of where hpstudy's time went."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from hpstudy.bench import laps as figures
from hpstudy.bench.laps import Lap
from hpstudy.bench.peers import COLD, WARM, Peer
from hpstudy.bench.studies import Study
from hpstudy.bench.table import Table, medians, number

OWN = (COLD, WARM)


def peers_table(
    study: Study, peers: Sequence[Peer], laps: Sequence[Lap], notes: Sequence[str]
) -> Table:
    """Each peer's seconds, its ratio to hpstudy cold and warm, and its accuracies."""
    common = figures.shared(laps)
    own = [name for name in OWN if figures.of_peer(laps, name)]
    rows, said = [], list(notes)
    for peer in peers:
        found = figures.of_peer(laps, peer.name)
        if not found and not any(lap.peer == peer.name for lap in laps):
            # its turn has not come
            continue
        if not found:
            rows.append((peer.name, "failed", *["-"] * (4 + len(own))))
            continue
        trained = next(iter(found.values())).trials
        seconds = median(lap.seconds(study.trials) for lap in found.values())
        mark = "" if trained == study.trials else "*"
        ratios = [figures.ratio(laps, peer.name, name, study.trials) for name in own]
        rows.append(
            (
                peer.name,
                str(trained),
                f"{number(seconds)}{mark}",
                number(seconds / study.trials, 2),
                *(f"{number(one, 2)}{mark}" for one in ratios),
                number(_percent(figures.best(laps, peer.name)), 2),
                number(_percent(figures.mean(laps, peer.name, common)), 2),
            )
        )
    if any("*" in row[2] for row in rows):
        said.append(
            f"* extrapolated to {study.trials} trials: the time until the first trial started, "
            "and the mean time of those that ran for each one"
        )
    said += [
        f"{lap.peer}, repeat {lap.repeat + 1}, failed: {lap.failure}" for lap in laps if lap.failure
    ]
    repeats = len({lap.repeat for lap in laps})
    title = f"{study.name}: {study.trials} trials of {study.epochs} epochs on {study.data.name}"
    return Table(
        f"{title}; {medians(repeats)}",
        (
            "peer",
            "trials",
            "seconds",
            "a trial",
            *(f"of {name.removeprefix('hpstudy-')}" for name in own),
            "best val %",
            f"mean of {len(common)}",
        ),
        tuple(rows),
        (
            "seconds: from the start of the process to its end; of cold, of warm: that many times "
            "hpstudy's own time in the same repeat; best val %: best validation accuracy of any "
            "epoch of any trial; the mean is over the trials that all peers trained",
            *said,
        ),
    )


def time_table(study: Study, laps: Sequence[Lap]) -> Table | None:
    """Where hpstudy's time went, medians over repeats; None where it did not run."""
    columns: dict[str, dict[int, Lap]] = {
        name: found for name in OWN if (found := figures.of_peer(laps, name))
    }
    if not columns:
        return None
    parts = {
        name: [figures.breakdown(lap) for lap in found.values()] for name, found in columns.items()
    }
    rows = [
        (part, *(number(median(one[part] for one in each), 2) for each in parts.values()))
        for part in next(iter(parts.values()))[0]
    ]
    rows.append(
        ("all", *(number(median(lap.wall for lap in f.values()), 2) for f in columns.values()))
    )
    firsts = [median(lap.parts["first_ended"] for lap in f.values()) for f in columns.values()]
    rows.append(("first trial finished after", *(number(one, 2) for one in firsts)))
    for words, mark in (("programs compiled", "compilations"), ("programs loaded", "loads")):
        counts = [
            median(sum(run[mark] for run in lap.parts["runs"]) for lap in each.values())
            for each in columns.values()
        ]
        rows.append((words, *(number(one, 0) for one in counts)))
    workers = next(iter(next(iter(columns.values())).values())).parts["workers"]
    return Table(
        f"{study.name}: where hpstudy's seconds went, {workers} workers",
        ("part", *columns),
        tuple(rows),
        (
            "what workers do is divided by their number; wait: a worker without a run, "
            "bookkeeping included",
        ),
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
