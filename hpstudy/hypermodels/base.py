"""What every declared architecture shares: reading its settings."""

from __future__ import annotations

from collections.abc import Mapping

from hpstudy.errors import HpstudyError
from hpstudy.spec.declarations import ModelDeclaration, defaults
from hpstudy.spec.space import Config, Scalar, is_active


class ModelError(HpstudyError, ValueError):
    """Settings that an architecture does not have."""


def settings(declaration: ModelDeclaration, config: Mapping[str, Scalar]) -> Config:
    """Every active setting of `declaration`: what `config` says, else the default.

    Settings that are inactive under the others are left out. Raises ModelError for unknown names,
    and for a number between two steps.
    """
    names = [parameter.name for parameter in declaration.parameters]
    unknown = sorted(config.keys() - set(names))
    if unknown:
        raise ModelError(
            f"{declaration.name} has no setting {', '.join(unknown)}; allowed: {', '.join(names)}"
        )
    full = defaults(declaration.parameters) | dict(config)
    for parameter in declaration.parameters:
        value = full[parameter.name]
        if parameter.step > 1 and isinstance(value, int) and (near := parameter.around(value)):
            raise ModelError(
                f"{declaration.name}: {parameter.name} {value} is not allowed: {parameter.doc}; "
                f"nearest: {' and '.join(str(number) for number in dict.fromkeys(near))}"
            )
    conditions = {parameter.name: parameter.when for parameter in declaration.parameters}
    return {name: full[name] for name in names if is_active(name, conditions, full)}
