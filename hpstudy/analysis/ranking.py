"""Configurations of each cell, best first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from hpstudy.analysis.frames import Columns, by_column
from hpstudy.analysis.record import CellRecord, StudyRecord
from hpstudy.store import Event

# What a search run's end is worth where there is no choose phase to rank it.
ORDER = {"finished": 2, "pruned": 3, "diverged": 4, "failed": 5}


@dataclass(frozen=True)
class Ranked:
    """One configuration of a cell: its trials, scores and counts; `rank` 1 is the best."""

    cell: CellRecord
    rank: int
    trial: int
    repeats: int
    status: str
    search_score: float | None
    choose_scores: tuple[float, ...]
    choose_diverged: int
    choose_failed: int
    picked: bool
    counts: Mapping[str, int]
    params: Mapping[str, Any]
    config: Mapping[str, Any]

    @property
    def choose_runs(self) -> int:
        """How many seeds of the choose phase it was trained on."""
        return len(self.choose_scores) + self.choose_lost

    @property
    def choose_lost(self) -> int:
        """How many of them ended without a score: diverged or failed."""
        return self.choose_diverged + self.choose_failed

    @property
    def choose_mean(self) -> float | None:
        return fmean(self.choose_scores) if self.choose_scores else None


def ranking(record: StudyRecord) -> tuple[Ranked, ...]:
    """Every configuration of the study as it stands, cell by cell.

    By choose-phase mean first, where whoever lost a choose run, diverged or failed, stands below
    all that lost none; then by search score, which settles ties too. A configuration that was
    proposed again counts once.
    """
    return tuple(one for cell in record.cells for one in _cell(cell, record.maximise))


def _cell(cell: CellRecord, maximise: bool) -> list[Ranked]:
    first: dict[Any, list[Event]] = {}
    known: dict[str, Any] = {}
    for run in cell.phase("search"):
        key = known.setdefault(run["run"], known.get(run.get("same_as") or "", run["trial"]))
        first.setdefault(key, []).append(run)
    choose: dict[int, list[Event]] = {}
    for run in cell.phase("choose"):
        choose.setdefault(int(run["trial"]), []).append(run)
    # a trial that growth has pushed off the shortlist keeps its choose runs but ranks without them
    short = {entry["trial"] for entry in (cell.choice or {}).get("ranked", ())} or set(choose)
    ranked = []
    for runs in first.values():
        trials = [run["trial"] for run in runs]
        chosen = [run for trial in trials if trial in short for run in choose.get(trial, ())]
        ranked.append(_ranked(cell, runs, chosen))
    sign = -1 if maximise else 1

    def worth(score: float | None) -> float:
        return float("inf") if score is None else sign * score

    most = max((one.choose_runs for one in ranked), default=0)

    def place(one: Ranked) -> tuple[float, ...]:
        if one.choose_runs:
            # as picked: a candidate that was stopped early had fewer seeds than whoever went on
            tier = 0, most - one.choose_runs, one.choose_lost, worth(one.choose_mean)
        else:
            tier = 1, ORDER[one.status], 0, worth(one.search_score)
        return *tier, worth(one.search_score), one.trial

    ordered = sorted(ranked, key=place)
    return [Ranked(**{**one.__dict__, "rank": i}) for i, one in enumerate(ordered, start=1)]


def _ranked(cell: CellRecord, runs: list[Event], choose: list[Event]) -> Ranked:
    # Hyperband trains a configuration again, and further; what went furthest stands for it
    run = max(runs, key=lambda one: int(one["epochs"]))
    finished = [one["score"] for one in choose if one["status"] == "finished"]
    return Ranked(
        cell=cell,
        rank=0,
        trial=int(run["trial"]),
        repeats=len(runs) - 1,
        status=run["status"],
        search_score=run.get("score") if run["status"] == "finished" else None,
        choose_scores=tuple(score for score in finished if score is not None),
        choose_diverged=sum(one["status"] == "diverged" for one in choose),
        choose_failed=sum(one["status"] == "failed" for one in choose),
        picked=cell.pick in [one["trial"] for one in runs],
        counts=run.get("counts") or {},
        params=run.get("params") or {},
        config=run["config"],
    )


def columns(record: StudyRecord, ranked: tuple[Ranked, ...]) -> Columns:
    """The ranking as a table, with every setting a column."""
    axes = record.axis_names()
    settings = sorted({key for one in ranked for key in one.config})
    names = [
        *("cell", "arm"),
        *(f"sweep.{name}" for name in axes.values()),
        *("generation", "rank", "trial", "repeats", "picked", "status", "search_score"),
        *("choose_mean", "choose_sd", "choose_runs", "choose_diverged", "choose_failed"),
        *("trained", "frozen", "total"),
        *settings,
    ]
    rows = [
        {
            **one.config,
            **{f"sweep.{name}": one.cell.point.get(axis) for axis, name in axes.items()},
            "cell": one.cell.name,
            "arm": one.cell.arm,
            "generation": one.cell.generation,
            **{key: getattr(one, key) for key in ("rank", "trial", "repeats", "picked", "status")},
            "search_score": one.search_score,
            "choose_mean": one.choose_mean,
            "choose_sd": _sd(one.choose_scores),
            "choose_runs": one.choose_runs,
            "choose_diverged": one.choose_diverged,
            "choose_failed": one.choose_failed,
            **one.counts,
        }
        for one in ranked
    ]
    return by_column(rows, names)


def _sd(scores: tuple[float, ...]) -> float | None:
    return float(np.std(scores, ddof=1)) if len(scores) > 1 else None
