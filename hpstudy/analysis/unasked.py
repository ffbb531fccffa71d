"""Parameters that a study gives somebody's hypermodel and that no trial of it asked for."""

from __future__ import annotations

from hpstudy.analysis.flag import Flag
from hpstudy.analysis.record import CellRecord, StudyRecord
from hpstudy.analysis.words import count
from hpstudy.spec.foreign import HP
from hpstudy.spec.study import short


def unasked(cell: CellRecord) -> list[str]:
    """Such parameters of a cell; none before its first trial."""
    spaces = [run["discovery"]["space"] for run in cell.runs if "discovery" in run]
    asked = {f"{HP}{one['name']}" for space in spaces for one in space}
    given = [key for key in cell.settings if key.startswith(HP)] if spaces else []
    return [key for key in given if key not in asked]


def never_asked(cell: CellRecord) -> list[Flag]:
    """What is grave about them: the arm is not what its author thought it was."""
    names = ", ".join(short(key) for key in unasked(cell))
    words = f"{cell.arm}'s hypermodel never asked for {names}, which the study gives"
    return [Flag("never asked for", words)] if names else []


def sentences(record: StudyRecord) -> tuple[str, ...]:
    """One line for each parameter of each cell; the settings given decided nothing."""
    found = []
    for cell in record.cells:
        trials = len({run["trial"] for run in cell.runs if "discovery" in run})
        for key in unasked(cell):
            say = f"none of {count(trials, 'trial')} asked for {key}, which the study gives"
            found.append(f"{cell.name}: {say}")
    return tuple(found)
