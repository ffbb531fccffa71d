"""A study read and compared once, for everything that tells of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from hpstudy.analysis.contrast import Contrast, contrasts
from hpstudy.analysis.digits import digits
from hpstudy.analysis.kstar import KStar, kstars
from hpstudy.analysis.pareto import Front, fronts
from hpstudy.analysis.record import StudyRecord, read
from hpstudy.analysis.verdict import Verdict, verdict
from hpstudy.nearby import no_study
from hpstudy.store import Store


@dataclass(frozen=True)
class Claims:
    """A study's record, its contrasts with their verdicts, k* of swept amounts, Pareto fronts.

    `digits` are the decimals of each compared cell's mean test score, wherever it is told.
    """

    record: StudyRecord
    store: Store
    contrasts: tuple[Contrast, ...]
    verdicts: tuple[Verdict, ...]
    digits: Mapping[str, int]
    kstars: tuple[KStar, ...]
    fronts: tuple[Front, ...]


def claims(folder: str | os.PathLike[str]) -> Claims:
    """What a study's folder says; raises StoreError where there is no study."""
    store = Store(folder)
    record = read(store)
    if record is None:
        raise no_study(store.folder)
    compared = contrasts(record, store)
    places = digits(compared)
    said = tuple(verdict(record, one, places) for one in compared)
    return Claims(record, store, compared, said, places, kstars(compared), fronts(record))
