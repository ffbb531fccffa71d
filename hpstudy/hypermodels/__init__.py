"""Architectures: what is declared about each, and the Keras Tuner hypermodels made from that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hpstudy.hypermodels.lenet import LENET_DECLARATION
from hpstudy.hypermodels.mlp import MLP_DECLARATION
from hpstudy.hypermodels.resmlp import RESMLP_DECLARATION
from hpstudy.hypermodels.resnet import RESNET_DECLARATION
from hpstudy.hypermodels.vgg import VGG_DECLARATION
from hpstudy.spec.declarations import ModelDeclaration

if TYPE_CHECKING:
    from hpstudy.hypermodels.tuner import MLP, VGG, LeNet, ResMLP, ResNet

__all__ = ["HYPERMODELS", "MLP", "VGG", "LeNet", "ResMLP", "ResNet"]

HYPERMODELS: dict[str, ModelDeclaration] = {
    "mlp": MLP_DECLARATION,
    "lenet": LENET_DECLARATION,
    "resnet": RESNET_DECLARATION,
    "resmlp": RESMLP_DECLARATION,
    "vgg": VGG_DECLARATION,
}


def __getattr__(name: str) -> Any:
    # they need Keras and Keras Tuner; declarations are read without either
    if name in __all__[1:]:
        from hpstudy.hypermodels import tuner

        return getattr(tuner, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
