"""Each arm's subset rule, which says what kind of arm it is."""

from __future__ import annotations

from hpstudy.analysis.record import StudyRecord


def rules(record: StudyRecord) -> dict[str, str]:
    """'batchnorm' for each arm; '' for one that searches or sweeps its rule.

    A hypermodel that leaves every parameter trainable is trained in full: `as_built` is 'all'.
    """
    return {arm: _rule(record, arm) for arm in record.arms}


def _rule(record: StudyRecord, arm: str) -> str:
    cells = [cell for cell in record.cells if cell.arm == arm]
    found = {str(cell.settings.get("subset.train", "")) for cell in cells}
    rule = found.pop() if len(found) == 1 else ""
    if rule != "as_built":
        return rule
    counts = [run["counts"] for cell in cells for run in cell.runs if run.get("counts")]
    whole = all(one["trained"] == one["total"] for one in counts)
    return "all" if counts and whole else rule
