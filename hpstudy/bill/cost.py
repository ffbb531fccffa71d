"""The bill: runs, epochs, programs, steps and operations of a study that starts from nothing."""

from __future__ import annotations

from dataclasses import dataclass

from hpstudy.bill.draws import Program, draws
from hpstudy.bill.pace import START, pace
from hpstudy.bill.typical import of_cell
from hpstudy.data import Sizes
from hpstudy.engine.devices import Fleet
from hpstudy.search.brackets import epochs_of
from hpstudy.search.expected import choosing, epochs, trials
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.study import Cell, Spec


@dataclass(frozen=True)
class Bill:
    """So many runs, epochs, programs, steps and floating-point operations.

    `search` is None where only running it tells how many trials a budget holds. The runs are the
    most there can be unless `budgeted`, the epochs where `bounded`. Of somebody's hypermodel only
    the runs are `known`, and the epochs where the file tells them.
    """

    search: int | None
    choose: int
    confirm: int
    run_epochs: int
    programs: int
    steps: float
    operations: float
    known: bool = True
    budgeted: bool = False
    bounded: bool = True

    @property
    def runs(self) -> int:
        return (self.search or 0) + self.choose + self.confirm


@dataclass(frozen=True)
class _CellBill:
    """One cell's part: `whole` is how many whole runs train as long as all of its runs do."""

    search: int | None
    choose: int
    confirm: int
    epochs: float
    steps: float
    operations: float
    programs: frozenset[Program]
    bounded: bool


def bill(spec: Spec, sizes: Sizes, fleet: Fleet) -> Bill:
    """What the study costs, nothing pruned; a budget's trials are typical ones, on `fleet`."""
    parts = [_of_cell(spec, cell, sizes, fleet) for cell in spec.cells]
    searches = [part.search for part in parts if part.search is not None]
    return Bill(
        search=sum(searches) if len(searches) == len(parts) else None,
        choose=sum(part.choose for part in parts),
        confirm=sum(part.confirm for part in parts),
        run_epochs=round(sum(part.epochs for part in parts)),
        programs=len(frozenset[Program]().union(*(part.programs for part in parts))),
        steps=sum(part.steps for part in parts),
        operations=sum(part.operations for part in parts),
        known=not any(is_foreign(cell.settings) for cell in spec.cells),
        budgeted=any(cell.search is not None and cell.search.budgeted for cell in spec.cells),
        bounded=all(part.bounded for part in parts),
    )


def _of_cell(spec: Spec, cell: Cell, sizes: Sizes, fleet: Fleet) -> _CellBill:
    known = None if is_foreign(cell.settings) else draws(spec, cell, sizes)
    one = of_cell(cell, known, fleet)
    length = known.mean.epochs if known else epochs_of(cell)
    search: int | None = 0
    choose, searched, bounded = 0, 0.0, known.equal if known else True
    if cell.search is not None:
        search = trials(cell.search, one)
        choose = choosing(cell.search, cell.search.trials if search is None else search)
        searched = epochs(search or 0, one)
        if cell.search.budget_epochs is not None:
            # with pruning a budget holds more trials, and never more epochs
            searched = min(epochs(cell.search.trials, one), cell.search.budget_epochs)
        bounded = bounded and cell.search.budget_minutes is None
    confirm = spec.confirm_seeds * (cell.search.to_confirm if cell.search is not None else 1)
    trained = searched + (choose + confirm) * (length or 0)
    # as many whole runs as train these epochs
    whole = trained / length if length else 0.0
    return _CellBill(
        search,
        choose,
        confirm,
        trained,
        whole * known.mean.steps if known else 0.0,
        whole * known.mean.operations if known else 0.0,
        known.programs if known else frozenset(),
        bounded,
    )


def seconds(bill: Bill, fleet: Fleet) -> float:
    """What the bill takes a fleet from start to report, the lanes of each of its packs full."""
    one = pace(fleet)
    training = bill.operations / one.flops + bill.steps * one.step / fleet.lanes
    around = bill.programs * one.program + bill.run_epochs * one.epoch + bill.runs * one.run
    return START + (training + around) / fleet.workers
