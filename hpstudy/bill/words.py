"""The bill of a study, and everything that `validate` prints, as lines of 80 characters."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from hpstudy.analysis.statistics import ENOUGH_SEEDS, LEVEL
from hpstudy.analysis.words import count, p_value, source, thousands
from hpstudy.bill.cost import Bill, seconds
from hpstudy.bill.networks import networks, unknown
from hpstudy.bill.pace import START, pace
from hpstudy.bill.power import DISAGREEMENT, SEED_SD, Power
from hpstudy.bill.spaces import spaces
from hpstudy.bill.wrapping import WIDTH
from hpstudy.data import Sizes
from hpstudy.engine.devices import Fleet
from hpstudy.extremes import Extremes
from hpstudy.spec.study import Spec


def validation(
    spec: Spec,
    sizes: Sizes,
    extremes: Sequence[Extremes],
    bill: Bill,
    power: Power,
    fleet: Fleet,
    missing: str | None = None,
) -> list[str]:
    """Everything that `validate` prints; `missing` is why the data cannot be had, as yet."""
    return [
        *wrap(f"{spec.name}: {spec.question}", WIDTH),
        "",
        *_data(spec, sizes),
        "",
        *spaces(extremes),
        "",
        *(networks(extremes) or unknown(str(spec.cells[0].settings["model.type"]))),
        "",
        *summary(bill, fleet),
        "",
        *detectable(spec, power),
        # as it is, since a command in it is copied
        *(("", f"Before it can run here: {missing}") if missing else ()),
    ]


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
        text += f", with {fleet.words}."
        return wrap(text, WIDTH)
    text += f", on about {count(bill.programs, 'program')}. Roughly "
    text += (
        f"{rough(seconds(bill, fleet))} with {fleet.words}, by arithmetic alone: "
        f"{START:g} s to start and to report, {pace(fleet).words}, nothing pruned, nothing stopped "
        "early."
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
    smallest = f"- the exact sign-flip test cannot go below p = {p_value(power.smallest_p)}"
    few = f": too few seeds to show any difference, {ENOUGH_SEEDS} could"
    lines.append(smallest + few * (power.smallest_p >= LEVEL))
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
    outputs = f"{sizes.shape.task}, {count(sizes.shape.outputs, 'output')}"
    data = source(spec.data.name, spec.data.options)
    pairs = ", ".join(f"{a} against {b}" for a, b in spec.contrasts) or "none"
    lines = (
        f"Data: {data}, examples of {shape} ({outputs}); {', '.join(parts)}",
        f"Score: {spec.score.metric} {when}; {count(spec.confirm_seeds, 'confirm seed')}",
        f"Contrasts: {pairs}",
    )
    return [part for line in lines for part in wrap(line, WIDTH, subsequent_indent="  ")]
