"""Whether an edited study may go on in its folder, and which searches then start anew.

More trials, seeds, arms or sweep points are growth. A changed range, sampler, pruner, window or
search seed starts a cell's search anew, and so does mended code of a hypermodel of which no run has
a score; such a search may have fewer trials. A change to what finished results stand on is refused,
and so are fewer trials of a search that goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hpstudy.errors import StudyChanged
from hpstudy.spec import foreign
from hpstudy.spec.head import ENGINE
from hpstudy.spec.identity import canonical, plain
from hpstudy.spec.layers import LENGTHS
from hpstudy.spec.source import changed
from hpstudy.spec.space import Choice, FloatRange, IntRange, Value, written
from hpstudy.spec.study import Cell

_DATA = ("name", "validation", "test", "split_seed", "options")
MOST = 3  # cells that a changed setting is said of by name
_SEARCH = {
    "driver": "driver",
    "sampler": "sampler",
    "sampler_options": "sampler's options",
    "pruner": "pruner",
    "pruner_options": "pruner's options",
    "parallel": "window (search.parallel)",
    "seed": "search seed",
    "max_parameters": "limit of parameters",
    "max_trained": "limit of trained parameters",
    "objectives": "objectives",
}


@dataclass(frozen=True)
class Growth:
    """What an edit means: `restarted` gives the reason for each cell whose search starts anew.

    `added` and `removed` name cells that only the new or only the old study has.
    """

    restarted: Mapping[str, str]
    added: tuple[str, ...]
    removed: tuple[str, ...]


def cells_as_json(cells: Iterable[Cell]) -> list[dict[str, Any]]:
    """Cells as the `study` event holds them."""
    return [
        {
            "name": cell.name,
            "arm": cell.arm,
            "point": {key: _listed(value) for key, value in cell.point.items()},
            "settings": {key: value_as_json(value) for key, value in cell.settings.items()},
            "search": asdict(cell.search) if cell.search else None,
        }
        for cell in cells
    ]


def value_as_json(value: Value) -> Any:
    """A fixed value as it is; a range as a mapping of its kind, as in the study file."""
    if isinstance(value, IntRange):
        return {"int": [value.low, value.high], "log": value.log, "step": value.step}
    if isinstance(value, FloatRange):
        return {"float": [value.low, value.high], "log": value.log, "step": value.step}
    if isinstance(value, Choice):
        branches = {
            str(option): {key: value_as_json(inner) for key, inner in branch.items()}
            for option, branch in value.branches.items()
        }
        return {"choice": [_listed(option) for option in value.options], "branches": branches}
    return _listed(value)


def grown(old: Mapping[str, Any], new: Mapping[str, Any], unscored: Collection[str] = ()) -> Growth:
    """What became of the study of event `old` in that of event `new`.

    The hypermodels' codes that are `unscored`, as no run of theirs has a score, may change. Raises
    StudyChanged, naming every key with its old and new value, where finished results would
    contradict the new study.
    """
    refused = _changed_head(old, new)
    before = {cell["name"]: cell for cell in plain(old["cells"])}
    after = {cell["name"]: cell for cell in plain(new["cells"])}
    restarted: dict[str, str] = {}
    fixed: dict[str, list[str]] = {}
    for name in after.keys() & before.keys():
        reasons, changes = _changed_cell(before[name], after[name], unscored)
        for change in changes:
            fixed.setdefault(change, []).append(name)
        if reasons:
            restarted[name] = "; ".join(reasons)
    for change, names in sorted(fixed.items()):
        everywhere = len(names) == len(after)
        refused.append(change if everywhere else f"{change} (in {_few(sorted(names))})")
    if refused:
        listed = "\n".join(f"  {change}" for change in refused)
        raise StudyChanged(
            f"the folder holds results of study {old['name']} that these changes contradict:\n"
            f"{listed}\n"
            "allowed in the same folder:\n"
            "  other ranges or search settings, more trials, seeds, arms or sweep points;\n"
            "  fewer trials or seeds of choose, or a smaller budget, only where another range,\n"
            "  sampler, pruner or search seed starts that search anew.\n"
            "Take the changes back, give the study another name, or use --fresh, which moves\n"
            "the old folder aside"
        )
    return Growth(
        {name: restarted[name] for name in after if name in restarted},
        tuple(name for name in after if name not in before),
        tuple(name for name in before if name not in after),
    )


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more


def _changed_head(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    changes = []
    prints = [event["data"].get("fingerprint") for event in (old, new)]
    first, last = (_data(event["data"], prints[0] == prints[1]) for event in (old, new))
    pairs = [(f"data.{key}", first.get(key), last.get(key)) for key in _DATA]
    pairs += [
        (f"score.{key}", old["score"].get(key), new["score"].get(key)) for key in ("metric", "at")
    ]
    pairs.append(("seed", old.get("seed"), new.get("seed")))
    # how many lanes train side by side is part of each run's numerics, not of what it is
    fixed = {one.name: one.default for one in ENGINE if one.role == "structure"}
    for name, default in fixed.items():
        pair = (event.get("engine", {}).get(name, default) for event in (old, new))
        pairs.append((f"engine.{name}", *pair))
    for key, was, now in pairs:
        if canonical(was) != canonical(now):
            changes.append(f"{key}: {_words(was)} -> {_words(now)}")
    seeds, left = old.get("confirm_seeds"), new.get("confirm_seeds")
    if seeds is not None and left is not None and left < seeds:
        changes.append(f"confirm.seeds: {seeds} -> {left}, fewer than it has")
    if prints[0] != prints[1] and not any(change.startswith("data.") for change in changes):
        changes.append(f"data: its content changed, fingerprint {prints[0]} -> {prints[1]}")
    return changes


def _data(told: Mapping[str, Any], same: bool) -> Mapping[str, Any]:
    """What an event tells of the data; of the `same` content a written `task:` changes nothing."""
    left = {"task"} if same else set()
    options = {key: value for key, value in told.get("options", {}).items() if key not in left}
    return {**told, "options": options}


def _changed_cell(
    old: Mapping[str, Any], new: Mapping[str, Any], unscored: Collection[str]
) -> tuple[list[str], list[str]]:
    """Reasons to search anew, and changes of fixed settings."""
    reasons, fixed = [], []
    was, now = (foreign.filled(one["settings"]) for one in (old, new))
    for key in dict.fromkeys([*was, *now]):
        if canonical(was.get(key)) == canonical(now.get(key)) and (key in was) == (key in now):
            continue
        both = key in was and key in now
        if not both and not key.startswith(("subset.", *LENGTHS, *foreign.OWN)):
            # a setting that another version of hpstudy does not have
            continue
        left = "nothing" if not key.startswith(foreign.OWN) else "the hypermodel's own"
        change = " -> ".join(_words(one[key]) if key in one else left for one in (was, now))
        if key == foreign.CODE and both:
            change = changed(was[key], now[key])
            if was[key] in unscored:
                reasons.append(f"{change}, and no run before had a score")
                continue
        asked = key.startswith(foreign.HP) and not both
        if asked or isinstance(was.get(key), Mapping) or isinstance(now.get(key), Mapping):
            reasons.append(f"range of {key} changed: {change}")
        else:
            fixed.append(f"{key}: {change}")
    if old["search"] is not None and new["search"] is not None:
        for key, word in _SEARCH.items():
            before, after = old["search"].get(key), new["search"].get(key)
            if canonical(before) != canonical(after):
                reasons.append(f"{word} changed: {_words(before)} -> {_words(after)}")
        if not reasons:
            # of a search that starts anew nothing counts any more
            fixed += _less(old["search"], new["search"])
    return reasons, fixed


def _less(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """What a search would have less of than it has."""
    for key, word in (("trials", "search.trials"), ("choose_seeds", "search.choose.seeds")):
        before, after = old.get(key, 0), new.get(key, 0)
        if after < before:
            yield f"{word}: {before} -> {after}, fewer than it has"
    for key in ("epochs", "minutes"):
        before, after = (one.get(f"budget_{key}") for one in (old, new))
        if after is not None and (before is None or after < before):
            seen = "no limit" if before is None else before
            yield f"search.budget.{key}: {seen} -> {after}, less than was allowed"


def _words(value: Any) -> str:
    """A setting in words: '0.001 to 1 (log)', '64 or 128', 'nothing'."""
    if value is None:
        return "nothing"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_words(item) for item in value)}]"
    if not isinstance(value, Mapping):
        return f"{value:g}" if isinstance(value, float) else written(value)
    if "choice" in value:
        said = []
        for option in value["choice"]:
            branch = value.get("branches", {}).get(str(option), {})
            inner = ", ".join(f"{key} {_words(one)}" for key, one in branch.items())
            said.append(f"{_words(option)} ({inner})" if inner else _words(option))
        return " or ".join(said)
    ends = value.get("int") or value.get("float")
    if ends is None:
        return ", ".join(f"{key} {_words(one)}" for key, one in value.items()) or "nothing"
    notes = ["log"] if value.get("log") else []
    if value.get("step") not in (None, 1):
        notes.append(f"step {value['step']:g}")
    return f"{ends[0]:g} to {ends[1]:g}" + (f" ({', '.join(notes)})" if notes else "")


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, tuple) else value
