"""What a study still lacks, in sentences."""

from __future__ import annotations

from hpstudy.analysis.record import CellRecord, StudyRecord


def missing(record: StudyRecord) -> tuple[str, ...]:
    """One line for each cell that is not confirmed as the study asks; empty when all are."""
    seeds = int(record.study["confirm_seeds"])
    lines = (_cell(cell, seeds) for cell in record.cells)
    return tuple(line for line in lines if line)


def _cell(cell: CellRecord, seeds: int) -> str:
    if cell.search is not None:
        trials = int(cell.search["trials"])
        done = len(cell.phase("search"))
        if cell.choice is None:
            scored = sum(run["status"] == "finished" for run in cell.phase("search"))
            if done >= trials and not scored:
                return f"{cell.name}: none of {done} trials finished, so there is nothing to pick"
            chosen = len(cell.phase("choose"))
            choosing = f", {chosen} choose runs" if chosen else ""
            return f"{cell.name}: no pick yet ({done} of {trials} trials{choosing})"
        if int(cell.choice["trials"]) < trials and not cell.ended:
            seen = cell.choice["trials"]
            return f"{cell.name}: the pick is from {seen} trials, {trials} are asked ({done} done)"
    runs = [run for run in cell.phase("confirm") if run["trial"] in cell.to_confirm]
    wanted = seeds * max(1, len(cell.to_confirm))
    if len(runs) < wanted:
        return f"{cell.name}: {len(runs)} of {wanted} confirm runs"
    failed = sum(run["status"] == "failed" for run in runs)
    return f"{cell.name}: {failed} of {wanted} confirm runs failed" if failed else ""
