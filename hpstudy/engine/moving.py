"""How far a run's moving statistics have come from where they began.

In inference BatchNormalization uses moving statistics, of whose initial values (0 and 1) a share
of momentum**n is left after n steps. Frozen gamma and beta change nothing in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from hpstudy.engine.host import Host


def slowest(model: Any, config: Mapping[str, Any]) -> float | None:
    """The largest momentum of the normalisations that begin at 0 and 1 and move in training.

    None where there are none: those of a pretrained network have begun elsewhere, and one that its
    author has frozen never moves, `as_built`.
    """
    own_flags = config["subset.train"] == "as_built"
    found = [
        _momentum(layer)
        for layer in model._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
        and (layer.trainable or not own_flags)
        and _untouched(layer)
    ]
    return max(found, default=None)


def facts(host: Host, momentum: float | None, steps: int) -> dict[str, Any]:
    """What the record of a confirm run says of them; nothing where nothing moves.

    `steps` were taken until the values that are scored; 0 where nobody counted them.
    """
    if momentum is None or not steps or not host.job.confirm:
        return {}
    return {"moving": {"momentum": momentum, "steps": steps}}


def counted(model: Any) -> int:
    """The steps that a model's optimizer has taken; 0 without one, or where nothing trains."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        return 0
    updates, batches = optimizer.iterations, optimizer.gradient_accumulation_steps or 1
    # NumPy does not like how a Keras variable turns itself into an array
    return int(getattr(updates, "value", updates)) * batches


def _momentum(layer: Any) -> float:
    # our own layers' is a variable; a layer's configuration would tell both, but Keras imports
    # TensorFlow to make one
    given = getattr(layer, "momentum_initializer", None)
    return float(layer.momentum if given is None else given.value)


def _untouched(layer: Any) -> bool:
    mean, variance = (np.asarray(one.value) for one in (layer.moving_mean, layer.moving_variance))
    return not mean.any() and bool((variance == 1).all())
