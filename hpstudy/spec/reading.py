"""A study's top-level keys put together into a `Spec`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from hpstudy.spec import dataset, head, model, sweeps
from hpstudy.spec.arms import OVERRIDES, subset_section
from hpstudy.spec.cells import cells, in_doubt
from hpstudy.spec.contrasts import contrasts
from hpstudy.spec.declarations import DatasetDeclaration, Parameter, Registries
from hpstudy.spec.doubts import SEARCH, SEARCHED, doubts, misread
from hpstudy.spec.edits import merged
from hpstudy.spec.ground import Arm, Ground, declared
from hpstudy.spec.problems import Problems
from hpstudy.spec.read import Read
from hpstudy.spec.score import read_score
from hpstudy.spec.section import Layer, Section
from hpstudy.spec.study import Cell, Data, Score, Spec
from hpstudy.spec.training import FORMS, TRAINING
from hpstudy.spec.unused import Unused
from hpstudy.spec.values import fixed
from hpstudy.spec.yaml import Entry, Node

KEYS = (
    "name",
    "data",
    "model",
    "training",
    "sweep",
    "score",
    "arms",
    "contrasts",
    "search",
    "confirm",
    "seed",
    "engine",
    "variants",
)
SECTIONS = tuple(key for key in KEYS if key not in ("name", "seed", "sweep", "contrasts"))
NEEDED = ("data", "model", "training", "arms")
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*$")
SEED = Parameter("seed", "int", 0, "", 0)
NAME = Parameter("name", "text", None, "")


class Reading:
    """Reads one study file, as it is and with changes laid over it.

    Where its YAML is not `plain`, as in a `<<` that is not read, any setting may be otherwise.
    """

    def __init__(self, registries: Registries, path: Path, text: str, plain: bool) -> None:
        self.registries, self.path, self.text, self.plain = registries, path, text, plain
        self.unused = Unused()

    def variants(self, root: Node, problems: Problems) -> dict[str, Node]:
        """The changes that the file offers under `variants:`."""
        if "variants" not in root.entries:
            return {}
        node = root.entries["variants"].value
        if not node.entries:
            problems.add(node, f"variants takes a mapping of names to changes; saw {node.seen}")
        found = {}
        for name, entry in node.entries.items():
            _plain_word(entry.key, "a variant's name", problems)
            if not isinstance(entry.value.content, Mapping):
                say = f"variant {name} takes a mapping of keys to change"
                problems.add(entry.value, f"{say}; saw {entry.value.seen}")
                continue
            for key in ("variants", "name"):
                if key in entry.value.entries:
                    place = entry.value.entries[key].key
                    problems.add(place, f"a variant cannot hold `{key}`; leave it out")
            found[name] = entry.value
        return found

    def read(self, root: Node, problems: Problems, variant: str | None = None) -> Read:
        """What a root node says; only part of it where `problems` grew."""
        if not isinstance(root.content, Mapping):
            problems.add(root, f"a study file is a mapping of keys; saw {root.seen}")
            return Read(None, (), {}, {}, frozenset())
        for entry in root.entries.values():
            if entry.key.text not in KEYS:
                problems.unknown(entry.key, "key", entry.key.text, KEYS, entry.value.text)
        for name in NEEDED:
            if name not in root.entries:
                problems.add(root, f"`{name}` is missing; a study needs {', '.join(NEEDED)}")
        entries = {name: entry.value for name, entry in root.entries.items()}
        found = None
        if "data" in entries:
            found = dataset.data(
                entries["data"], self.registries.datasets, self.path.parent, problems
            )
        score_node = entries.get("score", Node({}, root.file, root.line, root.column))
        score = read_score(score_node, found, problems)
        ground = self._ground(root, entries, score, found, problems)
        arms = self._arms(entries, ground, problems)
        every: list[Cell] = []
        doubtful, wrong = {}, set()
        if ground is None:
            self.unused.doubt()
        else:
            for arm in arms:
                told = Problems()
                every += cells(ground, arm, self.unused, told)
                doubtful[arm.name] = in_doubt(ground, arm)
                wrong |= {arm.name} if len(told) else set()
                problems.include(told)
        names = tuple(arm.name for arm in arms)
        confirm = head.facts(entries.get("confirm"), "confirm", head.CONFIRM, problems)["seeds"]
        engine = head.engine(entries.get("engine"), problems)
        seed = fixed(SEED, entries["seed"], "seed", problems) if "seed" in entries else 0
        name = self._name(entries, problems)
        known = tuple(entries["arms"].entries) if "arms" in entries else ()
        pairs = contrasts(entries.get("contrasts"), known, problems)
        facts = (tuple(every), engine, doubtful, frozenset(wrong))
        if found is None or score is None:
            return Read(None, *facts)
        spec = Spec(
            name=f"{name}-{variant}" if variant else name,
            question=_question(self.text),
            path=str(self.path),
            text=self.text,
            data=found[0],
            score=score[0],
            cells=tuple(every),
            arms=names,
            contrasts=pairs,
            confirm_seeds=confirm if isinstance(confirm, int) else 0,
            seed=seed if isinstance(seed, int) else 0,
            engine=engine,
        )
        return Read(spec, *facts)

    def _name(self, entries: Mapping[str, Node], problems: Problems) -> str:
        if "name" not in entries:
            return self.path.stem
        node = entries["name"]
        name = fixed(NAME, node, "name", problems)
        if isinstance(name, str):
            _plain_word(node, "a study's name, which names its folder,", problems)
            return name
        return self.path.stem

    def _ground(
        self,
        root: Node,
        entries: Mapping[str, Node],
        score: tuple[Score, str] | None,
        found: tuple[Data, DatasetDeclaration] | None,
        problems: Problems,
    ) -> Ground | None:
        """What all arms share, as far as it can be read; None where nothing follows from it."""
        folder = self.path.absolute().parent
        known = None
        if "model" in entries:
            known = model.declaration(entries, self.registries.hypermodels, folder, problems)
        if known is None and model.may_be_foreign(entries):
            return None
        name, parameters = (known.name, known.parameters) if known else ("", ())
        base: Layer = {}
        if "training" in entries:
            base |= _training().read(entries["training"], problems, "training")
        if known is not None:
            base |= model.settings(name, parameters, entries["model"], problems, "model")
        elif "type" in entries["model"].entries:
            model.strangers(entries["model"], self.registries.hypermodels, problems, "model")
        every = declared(parameters)
        doubtful = doubts(root, "", every, problems, KEYS)
        for section in ("training", "model"):
            node = entries.get(section, Node(None, root.file))
            doubtful |= doubts(node, section, every, problems, ("type", "hypermodel"))
        joint = None
        if "sweep" in entries:
            if known is not None:
                allowed = {key: one for key, one in every.items() if not key.startswith("subset.")}
                joint = sweeps.joint(entries["sweep"], allowed, problems)
                sweeps.check_joint(joint, base, problems)
            if known is None or misread(entries["sweep"], problems):
                doubtful |= every.keys()
        doubtful |= set() if self.plain else every.keys()
        at = entries["score"].entries.get("at") if "score" in entries else None
        places = {
            "training": entries.get("training", root),
            "score.at": at.value if at else root,
        }
        scored, task = score or (None, None)
        examples, shape = None, None
        if found is not None:
            data, declaration = found
            examples = _trained_on(data, declaration)
            shape = declaration.shape.input_shape if declaration.shape else None
            if declaration.shape is None and misread(entries["data"], problems):
                task = None
        facts = (scored, task, examples, shape)
        return Ground(name, parameters, base, joint, *facts, places, doubtful)

    def _arms(
        self, entries: Mapping[str, Node], ground: Ground | None, problems: Problems
    ) -> list[Arm]:
        study_search = entries.get("search")
        drivers = self.registries.drivers
        head.search(study_search, drivers, problems)
        if "arms" not in entries:
            return []
        node = entries["arms"]
        if not node.entries:
            example = "{full: {train: all}, bn_only: {train: batchnorm}}"
            seen = "a list" if isinstance(node.content, tuple) else node.seen
            problems.add(node, f"arms takes names with their arms, such as {example}; saw {seen}")
        subset = subset_section(self.registries.subsets)
        found = []
        for name, entry in node.entries.items():
            _plain_word(entry.key, "an arm's name", problems)
            place = entry.value
            doubtful = frozenset(() if "train" in place.entries else ("subset.train",))
            layer: Layer = {}
            if not place.entries:
                seen = "empty" if place.content in (None, {}) else place.seen
                say = f"arm {name} is {seen}; it needs `train`, as in {{train: all}}"
                problems.add(entry.key, say)
            elif doubtful:
                words = ", ".join(self.registries.subsets)
                problems.add(entry.key, f"arm {name} lacks `train`; allowed words: {words}")
            if place.entries:
                layer = subset.read(place, problems, f"arm {name}")
            own = {key: place.entries[key].value for key in OVERRIDES if key in place.entries}
            if "training" in own:
                layer |= _training().read(own["training"], problems, f"training of arm {name}")
            if "model" in own and ground is not None:
                where = f"model of arm {name}"
                if ground.model:
                    layer |= model.settings(
                        ground.model, ground.parameters, own["model"], problems, where
                    )
                else:
                    model.strangers(own["model"], self.registries.hypermodels, problems, where)
                for word in ("type", "hypermodel"):
                    if word in own["model"].entries:
                        say = f"an arm keeps the study's model; leave `{word}` out"
                        problems.add(own["model"].entries[word].key, say)
            every = ground.declared if ground is not None else {}
            doubtful |= doubts(place, "subset", every, problems, OVERRIDES)
            for section in ("model", "training"):
                if section in own:
                    doubtful |= doubts(own[section], section, every, problems)
            search_node = study_search
            if "search" in own:
                search_node = merged(study_search, own["search"]) if study_search else own["search"]
            told = Problems()
            search = head.search(search_node, drivers, told)
            problems.include(told)
            if search_node is not None and len(told):
                doubtful |= doubts(search_node, SEARCH, SEARCHED, told)
            doubtful |= set() if self.plain else {SEARCH, *every}
            given = search_node.entries.get("budget") if search_node else None
            budget = given.value if given else None
            found.append(Arm(name, entry.key, layer, search, doubtful, budget))
        return found


def named(root: Node) -> Node:
    """The root with sections of misspelt names under those that they are meant for."""
    entries: dict[str, Entry] = {}
    for name, entry in root.entries.items():
        free = [key for key in SECTIONS if key not in {*root.entries, *entries}]
        close = get_close_matches(name, free, n=1, cutoff=0.75) if name not in KEYS else []
        entries[close[0] if close and entry.value.entries else name] = entry
    return Node(entries, root.file, root.line, root.column) if entries else root


def _training() -> Section:
    return Section("training", {parameter.name: parameter for parameter in TRAINING}, FORMS)


def _trained_on(data: Data, declaration: DatasetDeclaration) -> int | None:
    """The examples of the training part; None where they are not known, or the split is wrong."""
    examples = declaration.examples
    if examples is None:
        return None
    kept_back = round(data.validation * examples) + round((data.test or 0) * examples)
    fits = data.validation + (data.test or 0) < 1 and kept_back < examples
    return examples - kept_back if fits else None


def _plain_word(node: Node, what: str, problems: Problems) -> None:
    if not WORD.match(node.text):
        say = f"{what} must be a plain word of letters, digits, _ and -, starting with a letter"
        problems.add(node, f"{say}; saw {node.seen}")


def _question(text: str) -> str:
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return re.sub(r"^#+\s*", "", first) if first.startswith("#") else ""
