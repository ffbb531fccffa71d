"""Architectures: what is declared about each, and the Keras Tuner hypermodels made from that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hpstudy.hypermodels.mlp import MLP_DECLARATION
from hpstudy.spec.declarations import ModelDeclaration

if TYPE_CHECKING:
    from hpstudy.hypermodels.tuner import MLP

__all__ = ["HYPERMODELS", "MLP"]

HYPERMODELS: dict[str, ModelDeclaration] = {
    "mlp": MLP_DECLARATION,
}


def __getattr__(name: str) -> Any:
    # MLP needs Keras and Keras Tuner; declarations are read without either
    if name == "MLP":
        from hpstudy.hypermodels.tuner import MLP

        return MLP
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
