"""What a trial of each cell takes on the average, which says how many a budget holds."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean
from typing import Any

from hpstudy.bill.draws import Draws, draws
from hpstudy.bill.pace import of_run
from hpstudy.data import Sizes
from hpstudy.engine.devices import Fleet
from hpstudy.search.brackets import brackets, charged, continues, epochs_of, schedule
from hpstudy.search.expected import Typical
from hpstudy.search.options import options
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.study import Cell, Spec


def typical(spec: Spec, sizes: Sizes, fleet: Fleet) -> dict[str, Typical]:
    """The typical trial of every cell whose search has a budget; of the others nobody asks."""
    return {
        cell.name: of_cell(cell, _known(spec, cell, sizes), fleet)
        for cell in spec.cells
        if cell.search is not None and cell.search.budgeted
    }


def of_cell(cell: Cell, known: Draws | None, fleet: Fleet) -> Typical:
    """A cell's typical trial; of somebody's hypermodel the file may tell the epochs."""
    whole = known.mean.epochs if known is not None else epochs_of(cell)
    rounds = _rounds(cell, fleet.backend)
    epochs = fmean(rounds) if rounds else whole
    if known is None or not epochs:
        return Typical(epochs, None, rounds)
    return Typical(epochs, of_run(known.mean, fleet) * epochs / known.mean.epochs, rounds)


def _known(spec: Spec, cell: Cell, sizes: Sizes) -> Draws | None:
    return None if is_foreign(cell.settings) else draws(spec, cell, sizes)


def _rounds(cell: Cell, backend: str) -> tuple[int, ...]:
    """The most epochs that each trial of Hyperband's oracle trains, in order; else none."""
    search, length = cell.search, epochs_of(cell)
    if search is None or length is None:
        return ()
    if (search.driver, search.sampler) != ("keras_tuner", "hyperband"):
        return ()
    taken: Mapping[str, Any] = options("oracle", search.sampler, search.sampler_options)
    table = brackets(length, taken["factor"], taken["first_epoch"])
    # no trial trains less than an epoch, so a budget holds no more of them than epochs
    most = min(search.trials, search.budget_epochs or search.trials)
    planned = schedule(table, most, search.parallel)
    return charged(planned, continues(cell, backend))
