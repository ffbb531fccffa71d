"""How a cell is searched, in words that `validate` and the report share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hpstudy.analysis.words import count, thousands
from hpstudy.spec.head import MOST_TRIALS
from hpstudy.spec.objectives import COSTS


def how(search: Mapping[str, Any]) -> str:
    """'16 trials by the tpe sampler, none pruned'."""
    return f"{trials(search)} by {_who(search)}{_pruned(search)}"


def trials(search: Mapping[str, Any]) -> str:
    """'16 trials', or 'as many trials as 400 epochs hold' where a budget decides."""
    epochs, minutes = search.get("budget_epochs"), search.get("budget_minutes")
    if epochs is None and minutes is None:
        return count(search["trials"], "trial")
    holds = f"{thousands(epochs)} epochs hold"
    if epochs is None:
        holds = f"{minutes:g} minutes of training hold"
    if int(search["trials"]) >= MOST_TRIALS:
        return f"as many trials as {holds},"
    return f"at most {count(search['trials'], 'trial')}, as many as {holds},"


def again(search: Mapping[str, Any]) -> int:
    """How many of a search's configurations are to be trained again."""
    return min(int(search["choose_top"]), int(search["trials"]))


def chosen(search: Mapping[str, Any]) -> str:
    """'the best 4 trained again on 3 fresh seeds', where there is something to choose from."""
    top = again(search)
    if top < 2:
        return "the best one picked as it is"
    seeds = count(search["choose_seeds"], "fresh seed")
    early = search.get("choose_pruner", "none")
    stopped = f", stopped early by {early}" if early != "none" else ""
    if search.get("objectives"):
        return f"the best {top} of the front trained again on {seeds}{stopped}, and all confirmed"
    return f"the best {top} trained again on {seeds}{stopped}"


def front(search: Mapping[str, Any]) -> str:
    """'looks for the front of score and trained parameters'; '' where the score is all."""
    costs = (search.get("objectives") or ())[1:]
    if not costs:
        return ""
    named = " and ".join(COSTS[cost] for cost in costs)
    return f"looks for the front of score and {named}"


def repeats(search: Mapping[str, Any]) -> str:
    """What a budget of minutes costs; '' under any other."""
    if search.get("budget_minutes") is None:
        return ""
    return "minutes depend on the machine, so a new run may try other trials"


def _who(search: Mapping[str, Any]) -> str:
    if search["driver"] == "keras_tuner":
        return f"Keras Tuner's {search['sampler']} oracle"
    return f"the {search['sampler']} sampler"


def _pruned(search: Mapping[str, Any]) -> str:
    if search["pruner"] != "none":
        return f", pruned by {search['pruner']}"
    # Hyperband's oracle stops trials at the ends of its rounds
    return "" if search["sampler"] == "hyperband" else ", none pruned"
