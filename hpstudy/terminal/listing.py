"""What a study file may name, as lines: data sets, models, subset words, how to search."""

from __future__ import annotations

from collections.abc import Sequence

from hpstudy.analysis.words import number
from hpstudy.data import DATASETS
from hpstudy.hypermodels import HYPERMODELS
from hpstudy.search.drivers import DRIVERS
from hpstudy.spec import head
from hpstudy.spec.arms import SUBSET
from hpstudy.spec.dataset import DATA
from hpstudy.spec.declarations import Parameter
from hpstudy.spec.objectives import COSTS, SCORE
from hpstudy.spec.space import written
from hpstudy.spec.training import FORMS, METRICS, TRAINING
from hpstudy.subsets.rules import WORDS
from hpstudy.terminal.wrapping import wrapped


def listing(kind: str, width: int | None = None) -> list[str]:
    """A heading and one entry a line, wrapped where a width is given."""
    heads = {
        "data": "Data sets (data: {name: ...}) and settings beside them",
        "models": "Models (model: {type: ...}) and their settings",
        "training": "Training settings (training: ...)",
        "subsets": "Subset words (train: ...), joined by + and -, and settings beside them",
        "search": "How each cell is searched (search: ...), but for the names below",
        "samplers": "Samplers (search: {sampler: tpe}, or {sampler: {tpe: {candidates: 50}}})",
        "oracles": "Keras Tuner's oracles (search: {driver: keras_tuner, oracle: hyperband})",
        "pruners": "Pruners (search: {pruner: asha}, or {pruner: {asha: {first_epoch: 2}}})",
        "objectives": "Objectives (search: {objectives: [score, trained]}), the score first",
        "study": "Other settings of a study file",
    }
    return [heads[kind], *_columns(_entries(kind), width)]


def _entries(kind: str) -> Sequence[tuple[str, str]]:
    if kind == "data":
        docs = [(name, entry.doc) for name, entry in DATASETS.items()]
        options = {one.name: one for entry in DATASETS.values() for one in entry.options}
        return [*docs, *_settings("  ", [*options.values()])]
    if kind == "models":
        return _models()
    if kind == "training":
        return _settings("", TRAINING)
    if kind == "subsets":
        beside = [one for one in SUBSET if one.name != "train"]
        return [*WORDS.items(), *_settings("  ", beside)]
    if kind == "search":
        parts = (("", head.SEARCH), ("budget.", head.BUDGET), ("choose.", head.CHOOSE))
        return [entry for before, part in parts for entry in _settings(before, part)]
    if kind == "study":
        return _study()
    optuna = DRIVERS["optuna"]
    tables = {
        "samplers": optuna.samplers,
        "oracles": DRIVERS["keras_tuner"].samplers,
        "pruners": optuna.pruners,
        "objectives": _objectives(),
    }
    return [*tables[kind].items()]


def _models() -> list[tuple[str, str]]:
    """Every model, then its settings; those that an earlier model has as well by name alone."""
    found: list[tuple[str, str]] = []
    told: list[Parameter] = []
    for name, model in HYPERMODELS.items():
        found.append((name, model.doc))
        again = [one.name for one in model.parameters if one in told]
        found += _settings("  ", [one for one in model.parameters if one not in told])
        found += [("  as above", ", ".join(again))] if again else []
        told += model.parameters
    return found


def _study() -> list[tuple[str, str]]:
    metrics = "; ".join(f"{', '.join(names)} for {task}" for task, names in METRICS.items())
    at = "last, best_validation, or one such as epoch 15; default last"
    parts = (("data.", DATA), ("confirm.", head.CONFIRM), ("engine.", head.ENGINE))
    return [
        *_settings(*parts[0]),
        ("score.metric", f"what counts: {metrics}; default the first of them"),
        ("score.at", f"the epoch whose value counts: {at}"),
        ("seed", "what every run's seeds follow from; default 0"),
        *(entry for before, part in parts[1:] for entry in _settings(before, part)),
    ]


def _objectives() -> dict[str, str]:
    """The score and the costs, and the samplers that can look for both."""
    several = ", ".join(DRIVERS["optuna"].several)
    score = f"the score of the study; samplers {several} take costs beside it"
    return {SCORE: score, **{name: f"{words}, to be few" for name, words in COSTS.items()}}


def _settings(before: str, parameters: Sequence[Parameter]) -> list[tuple[str, str]]:
    return [(f"{before}{one.name}", _setting(one)) for one in parameters]


def _setting(parameter: Parameter) -> str:
    """'of sgd, not Nesterov's; default 0.9; where optimizer is sgd'."""
    default, options = parameter.default, parameter.options
    words = f" ({', '.join(map(written, options))})" if options else ""
    shown = f"[{number(default)}]" if isinstance(default, tuple) else number(default)
    told = [f"{parameter.doc}{words}"]
    told += [f"default {shown}{_of_a_word(parameter)}"] if default is not None else []
    told += [
        f"where {other} is {' or '.join(map(written, allowed))}"
        for other, allowed in parameter.when.items()
        if other not in FORMS
    ]
    return "; ".join(told)


def _of_a_word(parameter: Parameter) -> str:
    """When the default of a setting holds that the mapping it is written in cannot leave out."""
    for name, form in FORMS.items():
        needed = [form.names[short] for short in form.needs]
        if parameter.name in needed and form.word is not None:
            # YAML reads a bare `on` as true
            word = "'on'" if form.word == "on" else form.word
            return f" with `{name}: {word}`, to be given in `{name}: {form.example}`"
    return ""


def _columns(entries: Sequence[tuple[str, str]], width: int | None) -> list[str]:
    wide = max(len(name) for name, _ in entries)
    lines = []
    for name, doc in entries:
        first = f"  {name:<{wide}}  "
        room = max(20, width - len(first)) if width else 10**6
        head, *rest = wrapped(doc, room) or [""]
        lines += [f"{first}{head}".rstrip(), *(" " * len(first) + line for line in rest)]
    return lines
