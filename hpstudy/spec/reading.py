"""A study's top-level keys put together into a `Spec`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from hpstudy.spec import foreign, head, sweeps
from hpstudy.spec.arms import OVERRIDES, subset_section
from hpstudy.spec.cells import cells
from hpstudy.spec.contrasts import contrasts
from hpstudy.spec.declarations import DatasetDeclaration, ModelDeclaration, Parameter, Registries
from hpstudy.spec.edits import merged
from hpstudy.spec.ground import Arm, Ground
from hpstudy.spec.problems import Problems
from hpstudy.spec.score import read_score
from hpstudy.spec.section import Layer, Section
from hpstudy.spec.study import Cell, Data, Score, Spec
from hpstudy.spec.training import FORMS, TRAINING
from hpstudy.spec.unused import Unused
from hpstudy.spec.values import fixed
from hpstudy.spec.yaml import Node

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
NEEDED = ("data", "model", "training", "arms")
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*$")
SEED = Parameter("seed", "int", 0, "", 0)
NAME = Parameter("name", "text", None, "")


class Reading:
    """Reads one study file, as it is and with changes laid over it."""

    def __init__(self, registries: Registries, path: Path, text: str) -> None:
        self.registries, self.path, self.text = registries, path, text
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

    def spec(self, root: Node, problems: Problems, variant: str | None = None) -> Spec | None:
        """The study of a root node; None or half of one where `problems` grew."""
        if not isinstance(root.content, Mapping):
            problems.add(root, f"a study file is a mapping of keys; saw {root.seen}")
            return None
        for name, entry in root.entries.items():
            if name not in KEYS:
                problems.unknown(entry.key, "key", name, KEYS)
        for name in NEEDED:
            if name not in root.entries:
                problems.add(root, f"`{name}` is missing; a study needs {', '.join(NEEDED)}")
        entries = {name: entry.value for name, entry in root.entries.items()}
        found = None
        if "data" in entries:
            found = head.data(entries["data"], self.registries.datasets, self.path.parent, problems)
        score_node = entries.get("score", Node({}, root.file, root.line, root.column))
        score = read_score(score_node, found, problems)
        ground = self._ground(root, entries, score, found, problems)
        arms = self._arms(entries, ground, problems)
        every: list[Cell] = []
        if ground is None:
            self.unused.doubt()
        else:
            for arm in arms:
                every += cells(ground, arm, self.unused, problems)
        names = tuple(arm.name for arm in arms)
        confirm = head.facts(entries.get("confirm"), "confirm", head.CONFIRM, problems)["seeds"]
        engine = head.engine(entries.get("engine"), problems)
        seed = fixed(SEED, entries["seed"], "seed", problems) if "seed" in entries else 0
        name = self._name(entries, problems)
        known = tuple(entries["arms"].entries) if "arms" in entries else ()
        pairs = contrasts(entries.get("contrasts"), known, problems)
        if found is None or score is None:
            return None
        return Spec(
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
        model = self._model(entries, problems) if "model" in entries else None
        training = _training()
        before = len(problems)
        base: Layer = {}
        if "training" in entries:
            base |= training.read(entries["training"], problems, "training")
        if model is None:
            return None
        base |= _read_model(model.name, model.parameters, entries["model"], problems, "model")
        sound = len(problems) == before
        joint = None
        if "sweep" in entries:
            allowed = {f"model.{p.name}": p for p in model.parameters}
            allowed |= {f"training.{p.name}": p for p in TRAINING}
            joint = sweeps.joint(entries["sweep"], allowed, problems)
            sweeps.check_joint(joint, base, problems)
        if score is None or found is None:
            return None
        at = entries["score"].entries.get("at") if "score" in entries else None
        places = {
            "training": entries.get("training", root),
            "score.at": at.value if at else root,
        }
        data, declaration = found
        examples = declaration.examples
        if examples is not None:
            kept_back = round(data.validation * examples) + round((data.test or 0) * examples)
            fits = data.validation + (data.test or 0) < 1 and kept_back < examples
            examples = examples - kept_back if fits else None
        shape = declaration.shape.input_shape if declaration.shape else None
        scored, task = score
        known = (scored, task, examples, shape)
        return Ground(model.name, model.parameters, base, joint, *known, places, sound)

    def _model(self, entries: Mapping[str, Node], problems: Problems) -> ModelDeclaration | None:
        models, node = self.registries.hypermodels, entries["model"]
        if "hypermodel" in node.entries:
            arms = entries["arms"].entries.values() if "arms" in entries else ()
            own = [arm.value.entries["model"].value for arm in arms if "model" in arm.value.entries]
            return foreign.declaration(node, own, self.path.absolute().parent, problems)
        if "type" not in node.entries:
            say = 'or `hypermodel`, such as "my_module:MyHyperModel", in place of it'
            if node.text in models:
                say = f"write {{type: {node.text}}}"
            problems.add(node, f"model lacks `type`; allowed: {', '.join(models)}; {say}")
            return None
        given = node.entries["type"].value
        if given.entries:
            say = "model.type is one word, since a study compares subsets of one architecture"
            problems.add(given, f"{say}; saw {given.seen}; allowed: {', '.join(models)}")
            return None
        if foreign.NAME.match(given.text):
            say = f"model.type is {given.seen}, which names a hypermodel of your own"
            problems.add(given, f'{say}; write {{hypermodel: "{given.text}"}}')
            return None
        name = head.word(given, "model.type", models, problems)
        return models[name] if name else None

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
            if not place.entries:
                seen = "empty" if place.content in (None, {}) else place.seen
                say = f"arm {name} is {seen}; it needs `train`, as in {{train: all}}"
                problems.add(entry.key, say)
                continue
            if "train" not in place.entries:
                words = ", ".join(self.registries.subsets)
                problems.add(entry.key, f"arm {name} lacks `train`; allowed words: {words}")
            before = len(problems)
            layer = subset.read(place, problems, f"arm {name}")
            own = {key: place.entries[key].value for key in OVERRIDES if key in place.entries}
            if "training" in own:
                layer |= _training().read(own["training"], problems, f"training of arm {name}")
            if "model" in own and ground is not None:
                where = f"model of arm {name}"
                layer |= _read_model(ground.model, ground.parameters, own["model"], problems, where)
                for word in ("type", "hypermodel"):
                    if word in own["model"].entries:
                        say = f"an arm keeps the study's model; leave `{word}` out"
                        problems.add(own["model"].entries[word].key, say)
            sound = len(problems) == before
            search_node = study_search
            if "search" in own:
                search_node = merged(study_search, own["search"]) if study_search else own["search"]
            search = head.search(search_node, drivers, problems)
            given = search_node.entries.get("budget") if search_node else None
            budget = given.value if given else None
            found.append(Arm(name, entry.key, layer, search, sound, budget))
        return found


def _training() -> Section:
    return Section("training", {parameter.name: parameter for parameter in TRAINING}, FORMS)


def _read_model(
    name: str, parameters: tuple[Parameter, ...], node: Node, problems: Problems, where: str
) -> Layer:
    known = {parameter.name: parameter for parameter in parameters}
    if not foreign.is_foreign({"model.type": name}):
        return Section("model", known, others=("type",)).read(node, problems, where)
    section = Section("model", known, others=("hypermodel",))
    return section.read(foreign.flat(node, problems), problems, where)


def _plain_word(node: Node, what: str, problems: Problems) -> None:
    if not WORD.match(node.text):
        say = f"{what} must be a plain word of letters, digits, _ and -, starting with a letter"
        problems.add(node, f"{say}; saw {node.seen}")


def _question(text: str) -> str:
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return re.sub(r"^#+\s*", "", first) if first.startswith("#") else ""
