"""The spaces, the networks and the bill of a study as lines of at most 80 characters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from textwrap import wrap

from hpstudy.analysis import searches
from hpstudy.analysis.words import count, number, p_value, thousands
from hpstudy.bill.cost import Bill, seconds
from hpstudy.bill.pace import pace
from hpstudy.bill.power import DISAGREEMENT, SEED_SD, Power
from hpstudy.data import Sizes
from hpstudy.engine.devices import Fleet
from hpstudy.extremes import Extremes
from hpstudy.spec.space import Choice, FloatRange, IntRange, Range, Settings, Value, is_range
from hpstudy.spec.study import Cell, Spec

WIDTH = 80
KEPT = "\u00a0"  # between words that stay in one line, and a blank once they do


def validation(
    spec: Spec, sizes: Sizes, extremes: Sequence[Extremes], bill: Bill, power: Power, fleet: Fleet
) -> list[str]:
    """Everything that `validate` prints."""
    return [
        *wrap(f"{spec.name}: {spec.question}", WIDTH),
        "",
        *_data(spec, sizes),
        "",
        *spaces(extremes),
        "",
        *networks(extremes),
        "",
        *summary(bill, fleet),
        "",
        *detectable(spec, power),
    ]


def spaces(extremes: Sequence[Extremes]) -> list[str]:
    """What all cells share, then each cell's own ranges and values."""
    every = [_active(one) for one in extremes]
    first, *others = every
    shared = {
        key: value
        for key, value in first.items()
        if not is_range(value) and all(key in o and o[key] == value for o in others)
    }
    lines = ["The same in every cell", *_settings(shared)]
    kinds = [tuple(_search(one.cell)) for one in extremes if one.cell.search is not None]
    alike = len(set(kinds)) == 1
    lines += kinds[0] if alike else ()
    told: dict[tuple[str, tuple[str, ...]], list[Cell]] = {}
    for one, settings in zip(extremes, every, strict=True):
        # what is swept stands in the cell's name
        own = {k: v for k, v in settings.items() if k not in shared and k not in one.cell.point}
        search = () if alike and one.cell.search is not None else _search(one.cell)
        words = (*_settings(own), *search)
        told.setdefault((one.cell.arm, words), []).append(one.cell)
    for (arm, words), cells in told.items():
        points = [cell.name.removeprefix(arm).strip().replace(" ", KEPT) for cell in cells]
        where = f" at {', '.join(points)}" if points[0] else ""
        lines += ["", *_wrapped(f"{arm}{where}", "", "  "), *words]
    return lines


def networks(extremes: Sequence[Extremes]) -> list[str]:
    """Trained, frozen and total entries of each cell's smallest and largest network."""
    rows: list[tuple[str, ...]] = [("Parameters", "trained", "frozen", "total")]
    for one in extremes:
        small, large = one.smallest, one.largest
        if small is None or large is None:
            return _unknown(str(one.cell.settings["model.type"]))
        names = [(one.cell.name, small)]
        if small != large:
            names = [(f"{one.cell.name}, smallest", small), ("  largest", large)]
        for name, network in names:
            figures = (network.trained, network.frozen, network.total)
            rows.append((name, *(thousands(figure) for figure in figures)))
    wide = max(len(row[0]) for row in rows)
    widths = [max(len(row[column]) for row in rows) for column in (1, 2, 3)]
    wide = min(wide, WIDTH - sum(widths) - 6)
    return [
        _cut(name, wide).ljust(wide)
        + "".join(f"  {figure:>{width}}" for figure, width in zip(figures, widths, strict=True))
        for name, *figures in rows
    ]


def _unknown(name: str) -> list[str]:
    text = (
        f"Networks: the space of {name}, and so the parameters that train, are known only by "
        f"running it, which `run` does and `validate` does not. What it asks for is searched as "
        f"it says; `model.hp` of the study file can fix, sweep or widen any of it."
    )
    return wrap(text, WIDTH)


def summary(bill: Bill, fleet: Fleet) -> list[str]:
    """Runs, epochs and the rough time: bounds, but for what a budget holds."""
    split = ", ".join(
        f"{phase} {'as many as the budget holds' if number is None else thousands(number)}"
        for phase, number in (
            ("search", bill.search),
            ("choose", bill.choose),
            ("confirm", bill.confirm),
        )
    )
    most = "about" if bill.budgeted else "at most"
    text = f"Bill: {most} {count(bill.runs, 'run')} ({split})"
    if bill.search is None:
        text = f"Bill: {split}"
    if bill.run_epochs and bill.search is not None:
        bound = "at most" if bill.bounded else "about"
        text += f", {bound} {count(bill.run_epochs, 'epoch')} in all"
    if not bill.known:
        text += f"; how long they take is known only by running them, with {fleet.words}."
        return wrap(text, WIDTH)
    text += f", on about {count(bill.programs, 'program')}. Roughly "
    text += (
        f"{rough(seconds(bill, fleet))} with {fleet.words}, by arithmetic alone: "
        f"{pace(fleet).words}, nothing pruned, nothing stopped early."
    )
    return wrap(text, WIDTH)


def detectable(spec: Spec, power: Power) -> list[str]:
    """The smallest difference that the confirm phase could show."""
    percent = spec.score.metric == "accuracy"
    seeds = count(power.confirm_seeds, "paired seed")
    lines = [f"What {seeds} could show (half-widths of 95% intervals)"]
    if power.seeds is None:
        lines.append("- from seeds: nothing, one seed gives no interval")
    elif percent:
        width, sd = 100 * power.seeds * SEED_SD, 100 * SEED_SD
        lines.append(
            f"- from seeds: {width:.2f} points, if the difference varies by {sd:.1f} points "
            "(standard deviation) between seeds"
        )
    else:
        lines.append(
            f"- from seeds: {power.seeds:.2f} standard deviations of the difference between seeds"
        )
    if percent:
        share = f"{DISAGREEMENT:.0%}"
        lines.append(
            f"- from {thousands(power.test)} test examples: {100 * power.examples:.2f} points, if "
            f"two arms disagree on {share} of them"
        )
    lines.append(f"- the exact sign-flip test cannot go below p = {p_value(power.smallest_p)}")
    return [part for line in lines for part in wrap(line, WIDTH, subsequent_indent="  ")]


def rough(seconds: float) -> str:
    """One significant unit: '40 s', '3 min', '2 h'."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def _data(spec: Spec, sizes: Sizes) -> list[str]:
    parts = (
        f"{thousands(examples)} to {verb}"
        for examples, verb in (
            (sizes.train, "train"),
            (sizes.validation, "validate"),
            (sizes.test, "test"),
        )
    )
    at = {"last": "at the last epoch", "best_validation": "at the best validation epoch"}
    when = at.get(str(spec.score.at), f"at epoch {spec.score.at}")
    shape = "x".join(str(axis) for axis in sizes.shape.input_shape)
    outputs = f"{sizes.shape.task}, {sizes.shape.outputs} outputs"
    pairs = ", ".join(f"{a} against {b}" for a, b in spec.contrasts) or "none"
    lines = (
        f"Data: {spec.data.name}, examples of {shape} ({outputs}); {', '.join(parts)}",
        f"Score: {spec.score.metric} {when}; {count(spec.confirm_seeds, 'confirm seed')}",
        f"Contrasts: {pairs}",
    )
    return [part for line in lines for part in wrap(line, WIDTH, subsequent_indent="  ")]


def _active(extremes: Extremes) -> Settings:
    return {
        key: value
        for key, value in extremes.cell.settings.items()
        if key in extremes.active and value is not None
    }


def _settings(settings: Settings) -> list[str]:
    """Ranges on a line each, then the fixed values of each section run together."""
    lines = [f"{key}: {_value(value)}" for key, value in settings.items() if is_range(value)]
    sections: dict[str, list[str]] = {}
    for key, value in settings.items():
        if not is_range(value):
            section, _, name = key.partition(".")
            sections.setdefault(section, []).append(_kept(f"{name} {_value(value)}"))
    lines += [f"{section}: {', '.join(words)}" for section, words in sections.items()]
    return [part for line in lines for part in _indented(line)]


def _kept(text: str) -> str:
    return text.replace(" ", KEPT)


def _indented(line: str) -> list[str]:
    return _wrapped(line, "  ", "    ")


def _wrapped(line: str, first: str, rest: str) -> list[str]:
    """Lines that end between two words, and never where KEPT holds them together."""
    found = wrap(line, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    return [part.replace(KEPT, " ") for part in found]


def _value(value: Value) -> str:
    if isinstance(value, IntRange | FloatRange | Choice):
        return _range(value)
    return f"[{number(value)}]" if isinstance(value, tuple) else number(value)


def _range(value: Range) -> str:
    if isinstance(value, Choice):
        return " | ".join(
            _value(option) + _branch(value.branches.get(option, {})) for option in value.options
        )
    text = f"{number(value.low)} to {number(value.high)}"
    if value.log:
        return f"{text}, log"
    return f"{text}, step {number(value.step)}" if value.step not in (None, 1) else text


def _branch(settings: Mapping[str, Value]) -> str:
    inside = ", ".join(f"{key} {_value(value)}" for key, value in settings.items())
    return f" ({inside})" if inside else ""


def _search(cell: Cell) -> list[str]:
    if cell.search is None:
        return ["  search: none"]
    search = asdict(cell.search)
    parts = [f"search: {searches.how(search)}, {cell.search.parallel} at a time"]
    parts += [searches.front(search), searches.chosen(search)]
    if cell.search.limits:
        said = (f"{name} {thousands(most)}" for name, most in cell.search.limits.items())
        parts.append(f"larger networks are not trained ({', '.join(said)})")
    parts.append(searches.repeats(search))
    return _indented("; ".join(part for part in parts if part))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
