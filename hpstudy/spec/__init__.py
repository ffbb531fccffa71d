"""The study file as plain data: `load` reads it, or tells every mistake with its line and column.

Floor 1. Nothing here knows a data set, an architecture, a subset or a sampler by itself:
registries are handed in.
"""

from __future__ import annotations

from hpstudy.spec.declarations import (
    DatasetDeclaration,
    DataShape,
    DriverDeclaration,
    ModelDeclaration,
    Parameter,
    Registries,
    Tensor,
)
from hpstudy.spec.schema import load
from hpstudy.spec.space import (
    Choice,
    Condition,
    Config,
    FloatRange,
    IntRange,
    Proposal,
    Range,
    Scalar,
    Settings,
    Value,
    resolve,
)
from hpstudy.spec.study import Cell, Data, Score, Search, Spec
from hpstudy.spec.training import TRAINING

__all__ = [
    "TRAINING",
    "Cell",
    "Choice",
    "Condition",
    "Config",
    "Data",
    "DataShape",
    "DatasetDeclaration",
    "DriverDeclaration",
    "FloatRange",
    "IntRange",
    "ModelDeclaration",
    "Parameter",
    "Proposal",
    "Range",
    "Registries",
    "Scalar",
    "Score",
    "Search",
    "Settings",
    "Spec",
    "Tensor",
    "Value",
    "load",
    "resolve",
]
