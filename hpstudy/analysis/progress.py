"""What a study still lacks, in sentences."""

from __future__ import annotations

from hpstudy.analysis.branches import lost
from hpstudy.analysis.record import CellRecord, StudyRecord
from hpstudy.analysis.unasked import sentences
from hpstudy.analysis.words import count


def missing(record: StudyRecord) -> tuple[str, ...]:
    """One line for each cell that is not confirmed as the study asks; empty when all are.

    After them the branches of grids that were lost, and what was given and never used.
    """
    seeds = int(record.study["confirm_seeds"])
    cells = (_cell(cell, seeds) for cell in record.cells)
    branches = (line for cell in record.cells for line in lost(cell))
    return (*(line for line in cells if line), *branches, *sentences(record))


def _cell(cell: CellRecord, seeds: int) -> str:
    if cell.search is not None:
        trials = int(cell.search["trials"])
        done = len(cell.phase("search"))
        # a budget, not the number of trials, ends such a search
        budgeted = any(cell.search.get(f"budget_{of}") is not None for of in ("epochs", "minutes"))
        if cell.choice is None:
            scored = sum(run["status"] == "finished" for run in cell.phase("search"))
            if done >= trials and not scored:
                tried = (
                    "its trial did not finish" if done == 1 else f"none of {done} trials finished"
                )
                return f"{cell.name}: {tried}, so there is nothing to pick"
            chosen = len(cell.phase("choose"))
            choosing = f", {count(chosen, 'choose run')}" if chosen else ""
            asked = count(done, "trial") if budgeted else f"{done} of {count(trials, 'trial')}"
            return f"{cell.name}: no pick yet ({asked}{choosing})"
        if int(cell.choice["trials"]) < trials and not cell.ended:
            seen = cell.choice["trials"]
            return f"{cell.name}: the pick is from {seen} of {trials} trials ({done} done)"
    runs = [run for run in cell.phase("confirm") if run["trial"] in cell.to_confirm]
    wanted = seeds * max(1, len(cell.to_confirm))
    if len(runs) < wanted:
        return f"{cell.name}: {len(runs)} of {count(wanted, 'confirm run')}"
    failed = sum(run["status"] == "failed" for run in runs)
    return f"{cell.name}: {failed} of {count(wanted, 'confirm run')} failed" if failed else ""
