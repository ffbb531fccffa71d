"""How to get the same results again: commands, versions, numerics, seeds, splits, data."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from hpstudy.analysis.epochs import trained
from hpstudy.analysis.words import number, thousands
from hpstudy.report.findings import Findings
from hpstudy.report.page import Section, Table, render
from hpstudy.report.sections.numerics import numerics
from hpstudy.spec.foreign import CODE, is_foreign
from hpstudy.spec.seeds import STREAMS


def reproduce(findings: Findings) -> Section:
    """Everything that decides the results, and the study file itself."""
    study = findings.record.study
    commands = [
        "pip install .",
        shlex.join(["python", "-m", "hpstudy", "run", "study.yaml", *study.get("arguments", ())]),
        shlex.join(["python", "-m", "hpstudy", "report", f"reports/{study['name']}"]),
    ]
    body = render(
        "reproduce.html.j2",
        commands=commands,
        version=study["versions"].get("hpstudy", ""),
        beside=" and ".join(_beside(study)),
        copied=bool(findings.copies),
        facts=_facts(findings),
        seeds=_seeds(findings),
        text=study["text"],
    )
    return Section("reproduce", "How to reproduce", body)


def _facts(findings: Findings) -> list[tuple[str, str]]:
    study = findings.record.study
    data = study["data"]
    train, validation, test = (thousands(part) for part in findings.record.examples)
    options = "".join(f", {key} {number(value)}" for key, value in (data["options"] or {}).items())
    searches = {cell.search["seed"] for cell in findings.record.cells if cell.search}
    facts = [
        ("Versions", ", ".join(f"{name} {version}" for name, version in study["versions"].items())),
        *numerics(findings.record),
        ("Hypermodel", _hypermodel(study["cells"])),
        ("Copies of its code", ", ".join(f"{path} {it}" for path, it in findings.copies.items())),
        ("Data", f"{data['name']}{options}"),
        ("Split", f"{train} training, {validation} validation, {test} test; {_fractions(data)}"),
        ("Data fingerprint", str(data["fingerprint"])),
        ("Study seed", str(study["seed"])),
        ("Search seeds", ", ".join(str(seed) for seed in sorted(searches)) or "none"),
        ("Trained", trained(findings.record)),
        ("Last result", findings.record.last_time),
    ]
    return [(name, value) for name, value in facts if value]


def _beside(study: Mapping[str, Any]) -> list[str]:
    """The files that the study file names relative to itself: a hypermodel's code, data."""
    settings = study["cells"][0]["settings"] if study["cells"] else {}
    code = str(settings[CODE]).split(", ") if is_foreign(settings) else []
    files = [one.rpartition(" ")[0] for one in code]
    path = (study["data"]["options"] or {}).get("path")
    return [*(one for one in files if one.endswith(".py")), *([str(path)] if path else [])]


def _hypermodel(cells: list[dict[str, Any]]) -> str:
    """Whose network was trained, and by which code; empty for one of ours."""
    settings = cells[0]["settings"] if cells else {}
    if not is_foreign(settings):
        return ""
    return f"{settings['model.type']}, code {settings[CODE]}"


def _fractions(data: dict[str, Any]) -> str:
    test = f", test {number(data['test'])}" if data["test"] is not None else ", official test split"
    return f"validation {number(data['validation'])}{test}, split seed {data['split_seed']}"


def _seeds(findings: Findings) -> Table | None:
    """The seed streams of every confirm seed; they are the same in all cells."""
    known: dict[int, Any] = {}
    for cell in findings.record.cells:
        for run in cell.confirm:
            known[run["seed_index"]] = run["seeds"]
    if not known:
        return None
    rows = [
        [str(index), *(str(known[index].get(stream, "")) for stream in STREAMS)]
        for index in sorted(known)
    ]
    header = ["confirm seed", *STREAMS]
    return Table("Confirm seeds, the same for every arm.", header, [("", rows)], range(6))
