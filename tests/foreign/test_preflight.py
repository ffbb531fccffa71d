"""What is told of somebody's hypermodel before a study's folder is touched."""

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from hpstudy import data, preflight, spec, study
from hpstudy.errors import HypermodelError, SpecError
from hpstudy.firstbuild import Met
from hpstudy.spec.declarations import Tensor
from hpstudy.spec.foreign import COMPILED
from hpstudy.spec.growth import cells_as_json
from hpstudy.spec.registered import Registered
from hpstudy.spec.study import Cell, Spec
from hpstudy.store import Store

GIVEN = "{length: {epochs: 1}, learning_rate: 0.1}"
COLLISION = (
    r"per_layer\.yaml:5:\d+: training\.learning_rate is given, and the hypermodel compiles its "
    r"model, which decides this; leave one of them out"
)


def held(
    folder: Path,
    one: Spec,
    names: Iterable[str],
    training: dict[str, Any],
    cell: str = "another",
    **found: Any,
) -> Store:
    """A folder with one trial of a study's hypermodel, which asked for so many names."""
    store = Store(folder)
    store.append({"event": "study", "cells": cells_as_json(one.cells)})
    config = {key: one.cells[0].settings[key] for key in ("model.type", "model.code")}
    config |= found.pop("config", {})
    asked = (Registered(name, "int", 8, low=8, high=16, step=8) for name in names)
    space = [{**one.as_json(), "range": None} for one in asked]
    discovery = {"space": space, "training": training, "reason": None, **found}
    run = {"event": "run", "cell": cell, "arm": "it", "config": config}
    store.append({**run, "discovery": discovery})
    return store


def test_what_the_model_decides_is_told_alone_before_anything_is_made(
    load: Callable[..., Spec], tmp_path: Path
) -> None:
    one = load("per_layer", training=GIVEN)
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(SpecError) as error:
        study.run(one, tmp_path / "study", sound=lambda: pytest.fail("nothing is sound"))
    # not a word of the defaults that stand beside what was written
    assert re.fullmatch(rf"\S*{COLLISION}", str(error.value))
    assert sorted(os.listdir(tmp_path)) == before


def test_a_hypermodel_that_raises_by_its_own_defaults_begins_nothing(
    load: Callable[..., Spec], tmp_path: Path, nearby: None
) -> None:
    with pytest.raises(HypermodelError) as error:
        study.run(load("always_raises"), tmp_path / "study")
    first = str(error.value).splitlines()[0]
    assert first.startswith("contract_models:always_raises cannot be built by its own defaults")
    assert re.search(
        r": RuntimeError: there is no such layer \(contract_models\.py:\d+, in always_raises\)$",
        first,
    )
    assert not (tmp_path / "study").exists()


def test_a_folder_that_holds_trials_answers_instead(
    load: Callable[..., Spec], digits: data.Split, tmp_path: Path
) -> None:
    one = load("per_layer", training=GIVEN)
    compiled = held(tmp_path / "compiled", one, ["depth"], {"training.optimizer": "sgd"})
    with pytest.raises(SpecError, match=COLLISION):
        preflight.check(one, digits, compiled)
    plain = held(tmp_path / "plain", one, ["depth"], {"training.loss": "auto"})
    assert preflight.check(one, digits, plain) == ()


def test_a_folder_whose_only_trials_were_lost_answers_nothing(
    load: Callable[..., Spec], digits: data.Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = load("per_layer", training=GIVEN)
    monkeypatch.setattr(preflight, "built", lambda *_: [Met({}, COMPILED, frozenset())])
    gone = {"cell": "it", "reason": "the worker ended", "lost": True}
    with pytest.raises(SpecError, match=COLLISION):
        preflight.check(one, digits, held(tmp_path / "study", one, [], {}, **gone))


@pytest.mark.parametrize(
    ("given", "asked", "told"),
    [
        # its source could never make such a name
        ("dept", ("depth", "units_0"), "asks for no such parameter; did you mean `depth`?"),
        ("unit_0", ("depth", "units_0"), "did you mean `units_0`? allowed: depth, units_0"),
        # a deeper network may ask for it
        ("units_1", ("depth", "units_0"), None),
        ("depth", ("depth", "units_0"), None),
    ],
)
def test_a_name_that_the_hypermodel_does_not_have(
    given: str,
    asked: tuple[str, ...],
    told: str | None,
    load: Callable[..., Spec],
    digits: data.Split,
    tmp_path: Path,
) -> None:
    one = load("per_layer", model=f", hp: {{{given}: 8}}")
    store = held(tmp_path / "study", one, asked, {})
    if told is None:
        assert preflight.check(one, digits, store) == ()
    else:
        with pytest.raises(SpecError) as error:
            preflight.check(one, digits, store)
        assert told in str(error.value)
        assert re.search(rf"yaml:4:\d+: model\.hp\.{given} is given", str(error.value))


def test_a_value_that_it_does_not_offer_and_cannot_be_built_with(
    load: Callable[..., Spec], digits: data.Split, tmp_path: Path, nearby: None
) -> None:
    one = load("per_layer", training="{length: {epochs: 1}}", model=", hp: {units_0: wide}")
    with pytest.raises(SpecError) as error:
        preflight.check(one, digits, Store(tmp_path / "none"))
    (told,) = error.value.problems
    assert told.line == 4 and re.match(
        r'model\.hp\.units_0 is "wide", and contract_models:per_layer asks for a whole number '
        r"from 8 to 16 in steps of 8; it cannot be built so: \w+Error: .*contract_models\.py:\d+",
        told.message,
    )


def test_every_option_and_swept_value_beyond_the_offer_is_built_once(
    load: Callable[..., Spec],
    digits: data.Split,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = []

    def failing(spec: Spec, split: data.Split, cells: Iterable[Cell]) -> list[Met]:
        tried.extend((cell.settings["model.hp.units_0"], cell) for cell in cells)
        asked = {"units_0": Registered("units_0", "int", 8, low=8, high=16, step=8)}
        reasons = {-4: "ValueError: -4 units"}
        return [Met(asked, (), frozenset(), reasons.get(value)) for value, _ in tried]

    monkeypatch.setattr(preflight, "built", failing)
    for given in ("{choice: [8, big, 24, -4]}", "{sweep: [8, big, 24, -4]}"):
        tried.clear()
        one = load("per_layer", model=f", hp: {{units_0: {given}}}")
        with pytest.raises(SpecError) as error:
            preflight.check(one, digits, held(tmp_path / "study", one, ["units_0"], {}))
        # more units are the study's to ask for
        assert [value for value, _ in tried] == ["big", -4]
        (told,) = error.value.problems
        assert "model.hp.units_0 is -4, and" in told.message
        assert told.message.endswith("in steps of 8; it cannot be built so: ValueError: -4 units")


def test_what_one_arm_was_built_with_says_nothing_of_another_arm(
    load: Callable[..., Spec],
    digits: data.Split,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[tuple[str, Any]] = []

    def building(spec: Spec, split: data.Split, cells: Iterable[Cell]) -> list[Met]:
        found = []
        for cell in cells:
            asked = {"units_0": Registered("units_0", "int", 8, low=8, high=16, step=8)}
            units = cell.settings["model.hp.units_0"]
            value = units if isinstance(units, str) else units.options[0]
            tried.append((cell.name, value))
            found.append(Met(asked, (), frozenset({("units_0", repr(value))})))
        return found

    monkeypatch.setattr(preflight, "built", building)
    other = "model: {args: {units: 4}, hp: {units_0: {choice: [big, small]}}}, train: as_built"
    model = ", args: {units: %s}, hp: {units_0: {choice: [small, big]}}"
    one = load("Sized", model=model % 2, train="as_built}, other: {" + other)
    preflight.check(one, digits, Store(tmp_path / "none"))
    # small and big are each some arm's first value, and the other arm's network is another one
    assert tried == [("it", "small"), ("other", "big"), ("it", "big"), ("other", "small")]
    tried.clear()
    one = load("Sized", model=model % "{sweep: [2, 4]}")
    preflight.check(one, digits, Store(tmp_path / "none"))
    names = [cell.name for cell in one.cells]
    assert tried == [
        *((names[0], "small"), (names[0], "big")),
        *((names[1], "small"), (names[1], "big")),
    ]


def test_values_are_built_only_for_cells_that_have_no_trials_of_them(
    load: Callable[..., Spec],
    digits: data.Split,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def tried(given: str, store: Store) -> list[Any]:
        seen: list[Any] = []

        def building(spec: Spec, split: data.Split, cells: Iterable[Cell]) -> list[Met]:
            seen.extend(cell.settings["model.hp.units_0"] for cell in cells)
            return [Met({}, (), frozenset()) for _ in cells]

        monkeypatch.setattr(preflight, "built", building)
        preflight.check(load("per_layer", model=f", hp: {{units_0: {given}}}"), digits, store)
        return seen

    def folder(name: str, given: str, cell: str, **found: Any) -> Store:
        one = load("per_layer", model=f", hp: {{units_0: {given}}}")
        assert cell in {other.name for other in one.cells}
        return held(tmp_path / name, one, ["units_0"], {}, cell, **found)

    searched = folder("searched", "{choice: [8, big]}", "it")
    assert tried("{choice: [8, big]}", searched) == []
    # an edit of what was searched is looked at anew
    assert tried("{choice: [8, bigger]}", searched) == ["bigger"]
    swept = folder("swept", "{sweep: [8, big, small]}", "it units_0=big")
    assert tried("{sweep: [8, big, small]}", swept) == ["small"]
    # a trial that was lost says nothing of the values that it was given
    gone = folder("gone", "{sweep: [8, big]}", "it units_0=8")
    folder("gone", "{sweep: [8, big]}", "it units_0=big", lost=True)
    assert tried("{sweep: [8, big]}", gone) == ["big"]
    # nor does one of the code before it was mended
    before = {"config": {"model.code": "contract_models.py 00000000"}}
    mended = folder("mended", "{sweep: [8, big]}", "it units_0=8")
    folder("mended", "{sweep: [8, big]}", "it units_0=big", **before)
    assert tried("{sweep: [8, big]}", mended) == ["big"]


def test_a_folder_answers_for_arguments_that_are_searched(
    load: Callable[..., Spec], digits: data.Split, tmp_path: Path
) -> None:
    one = load("Sized", model=", args: {units: {choice: [1, 2]}}")
    store = held(tmp_path / "study", one, [], {}, config={"model.args.units": 2})
    assert preflight.check(one, digits, store) == ()


@pytest.mark.parametrize("more", ["model: {args: {units: 4}}, train: as_built", "train: output"])
def test_an_arm_that_comes_in_is_built_alone(
    more: str,
    load: Callable[..., Spec],
    digits: data.Split,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = load("Sized", train="as_built}, further: {" + more)
    built = []

    def building(spec: Spec, split: data.Split, cells: Iterable[Cell]) -> list[Met]:
        built.extend(cell.arm for cell in cells)
        return [Met({}, (), frozenset()) for _ in cells]

    monkeypatch.setattr(preflight, "built", building)
    assert preflight.check(one, digits, held(tmp_path / "study", one, [], {}, "it")) == ()
    assert built == ["further"]


def test_a_network_of_other_outputs_begins_nothing(
    load: Callable[..., Spec], tmp_path: Path, nearby: None
) -> None:
    with pytest.raises(HypermodelError) as error:
        study.run(load("seven", training="{length: {epochs: 1}}"), tmp_path / "study")
    assert str(error.value) == (
        "contract_models:seven cannot be trained, so nothing ran: the model gives 7 outputs for "
        "each example, and this data has 10 classes, each of which takes one; let its last layer "
        "have 10 units"
    )
    assert not (tmp_path / "study").exists()


def test_a_subset_of_which_the_only_network_has_nothing_is_a_mistake(
    load: Callable[..., Spec], tmp_path: Path
) -> None:
    one = load("asks_nothing", train="batchnorm", training="{length: {epochs: 1}}")
    with pytest.raises(SpecError) as error:
        study.run(one, tmp_path / "study", sound=lambda: pytest.fail("nothing is sound"))
    (told,) = error.value.problems
    assert told.line == 7
    assert told.message == (
        "it: train: 'batchnorm' trains nothing in the network that contract_models:asks_nothing "
        "first builds; what trains something there: all, as_built, output"
    )
    assert not (tmp_path / "study").exists()


TENSORS = (
    Tensor("hidden/kernel", (64, 8), "kernel"),
    Tensor("out/kernel", (8, 10), "kernel", output=True),
)
FAILS = "; each trial with such a network fails"


@pytest.mark.parametrize(
    ("train", "hp", "told"),
    [
        # deeper networks may have what this one lacks
        ("batchnorm", "", f"it: train: 'batchnorm' trains nothing in {FAILS}"),
        ("batchnorm", "depth: {int: [1, 2]}", f"it: train: 'batchnorm' trains nothing in {FAILS}"),
        ("batchnorm", "depth: 1", "it: train: 'batchnorm' trains nothing in "),
        # what fit asks for changes no network
        ("batchnorm", "depth: 1, rate: {float: [0.1, 1]}", "it: train: 'batchnorm' trains nothing"),
        ("batchnorm", "depth: {sweep: [1, 2]}", "it depth=1: train: 'batchnorm' trains nothing"),
        ("{choice: [batchnorm, all]}", "depth: 1", f"it: train: 'batchnorm' trains nothing{FAILS}"),
        (
            "random, per_unit: {sweep: [4, 99, 100]}",
            "depth: 1",
            "it per_unit=99: 99 entries for each unit of hidden/kernel are asked for, and its fan-",
        ),
        ("none", "depth: 1", None),
        ("output", "depth: 1", None),
    ],
)
def test_a_subset_is_held_against_the_first_network(
    train: str,
    hp: str,
    told: str | None,
    load: Callable[..., Spec],
    digits: data.Split,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = {
        "depth": Registered("depth", "int", 1, low=1, high=2),
        "flavour": Registered("flavour", "fixed", "plain"),
        "rate": Registered("rate", "float", 0.1, low=0.1, high=1.0, built=False),
    }
    met = Met(asked, (), frozenset(), None, TENSORS)
    monkeypatch.setattr(preflight, "built", lambda spec, split, cells: [met for _ in cells])
    one = load("per_layer", train=train, model=f", hp: {{{hp}}}")
    doubts: tuple[str, ...] = ()
    mistakes: tuple[str, ...] = ()
    try:
        doubts = preflight.check(one, digits, Store(tmp_path / "none"))
    except SpecError as error:
        mistakes = tuple(map(str, error.problems))
    if told is None:
        assert doubts == mistakes == ()
        return
    start, fails, _ = told.partition(FAILS)
    found = doubts if fails else mistakes
    assert (len(found), len(doubts) + len(mistakes)) == (2 if "99" in told else 1,) * 2
    assert re.search(rf"yaml:7:\d+: {re.escape(start)}", found[0])
    assert found[0].endswith(FAILS) is bool(fails)


def test_without_a_search_the_first_network_is_the_only_one(
    load: Callable[..., Spec], digits: data.Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(load("per_layer", train="batchnorm").path)
    path.write_text(re.sub(r"^search: .*$", "search: none", path.read_text(), flags=re.M))
    met = Met(
        {"depth": Registered("depth", "int", 1, low=1, high=2)}, (), frozenset(), None, TENSORS
    )
    monkeypatch.setattr(preflight, "built", lambda spec, split, cells: [met])
    with pytest.raises(SpecError, match="it: train: 'batchnorm' trains nothing"):
        preflight.check(spec.load(path, study.REGISTRIES), digits, Store(tmp_path / "none"))


@pytest.mark.parametrize(
    ("given", "asked", "told"),
    [
        ("24", "int", "24, and contract_models:per_layer asks for a whole number from 8 to 16"),
        ("{choice: [8, 24, 32]}", "int", "24 or 32, and contract_models:per_layer asks for"),
        ("{sweep: [8, 24, 32]}", "int", "24 or 32, and contract_models:per_layer asks for"),
        ("{int: [8, 64]}", "int", "8 to 64, and contract_models:per_layer asks for a whole"),
        ("{float: [0.5, 4]}", "float", "0.5 to 4, and contract_models:per_layer asks for a number"),
        ("32", "choice", "32, and contract_models:per_layer asks for one of 8, 16, 24; that is"),
        ("{int: [8, 32], step: 8}", "choice", "8 to 32, and contract_models:per_layer asks for"),
        ("plain", "fixed", '"plain", and contract_models:per_layer asks for one of fancy; that'),
        ("16", "int", None),
        ("{int: [8, 16]}", "int", None),
        ("{float: [1, 2]}", "float", None),
        ("{choice: [8, 24]}", "choice", None),
        ("{int: [8, 24], step: 8}", "choice", None),
    ],
)
def test_what_is_given_beyond_the_offer_is_told_and_trained(
    given: str,
    asked: str,
    told: str | None,
    load: Callable[..., Spec],
    digits: data.Split,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offered = {
        "int": Registered("units", "int", 8, low=8, high=16, step=8),
        "float": Registered("units", "float", 1.0, low=1.0, high=2.0),
        "choice": Registered("units", "choice", 8, options=(8, 16, 24)),
        "fixed": Registered("units", "fixed", "fancy"),
    }
    # all that may fail has been built
    values = frozenset(("units", repr(value)) for value in (32, "plain"))
    met = Met({"units": offered[asked]}, (), values, None, TENSORS)
    monkeypatch.setattr(preflight, "built", lambda spec, split, cells: [met for _ in cells])
    one = load("per_layer", model=f", hp: {{units: {given}}}")
    doubts = preflight.check(one, digits, Store(tmp_path / "none"))
    if told is None:
        assert doubts == ()
    else:
        (doubt,) = doubts
        assert re.search(rf"yaml:4:\d+: model\.hp\.units is {re.escape(told)}", doubt)
        assert doubt.endswith("; that is trained all the same")


class Doubts(study.Silent):
    """Keeps what a study finds doubtful."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def doubted(self, words: str) -> None:
        self.told.append(words)


def test_where_the_source_does_not_tell_all_names_it_is_doubtful(
    load: Callable[..., Spec], tmp_path: Path
) -> None:
    one = load("resnet", model=", hp: {poling: max}")
    held(tmp_path / "study", one, ["pooling", "from_elsewhere"], {})
    doubts = Doubts()
    with pytest.raises(KeyboardInterrupt):
        study.run(one, tmp_path / "study", progress=doubts, sound=stop)
    (doubt,) = doubts.told
    assert "model.hp.poling is given" in doubt and "did you mean `pooling`?" in doubt


def stop() -> None:
    raise KeyboardInterrupt
