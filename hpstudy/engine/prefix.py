"""Cuts a model where training begins: what lies before depends on nothing that changes.

The prefix is the links of the chain before the first one with an entry that trains or with a state
(batch statistics, dropout seeds). Its outputs are computed once a run.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import takewhile
from typing import Any

from hpstudy.engine.links import Link, links


def cut(model: Any, changing: Collection[int]) -> tuple[Any, Any] | None:
    """(prefix model, rest model) with shared variables, or None where nothing is saved.

    `changing` holds the ids of all variables that train or carry state. Only a functional model
    with one input and one output is cut; a prefix without a weight saves nothing.
    """
    import keras

    # the output's own link stays in the rest, so that there is one
    before = list(
        takewhile(
            lambda link: _known(link) and not any(id(v) in changing for v in link.variables),
            links(model)[:-1],
        )
    )
    if not any(link.variables for link in before):
        return None
    end = before[-1].end
    return keras.Model(model.inputs[0], end), keras.Model(end, model.outputs[0])


def _known(link: Link) -> bool:
    """Whether nobody's own layer is in it, which may do as it likes in training."""
    modules = {type(call.operation).__module__.partition(".")[0] for call in link.calls}
    return modules <= {"keras", "hpstudy"}
