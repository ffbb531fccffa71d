"""A section of settings (`model:`, `training:`, an arm's subset) read against its declarations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hpstudy.spec.declarations import Parameter
from hpstudy.spec.problems import Problems
from hpstudy.spec.ranges import Fixed, Sweep, is_range_mapping, value
from hpstudy.spec.space import Value
from hpstudy.spec.training import Form
from hpstudy.spec.values import fixed, takes
from hpstudy.spec.yaml import Node


@dataclass(frozen=True)
class Given:
    """What the file says about one setting, and where."""

    value: Value | Sweep
    node: Node


Layer = dict[str, Given]


@dataclass(frozen=True)
class Section:
    """The settings that a section knows; keys of what it reads start with `prefix` and a dot."""

    prefix: str
    parameters: Mapping[str, Parameter]
    forms: Mapping[str, Form] = field(default_factory=dict)
    readers: Mapping[str, Fixed] = field(default_factory=dict)
    # keys of the same mapping that someone else reads
    others: tuple[str, ...] = ()

    def read(self, node: Node, problems: Problems, where: str) -> Layer:
        """Every setting of the mapping `node`; `where` names it in messages."""
        if not isinstance(node.content, Mapping):
            problems.add(node, f"{where} takes a mapping of settings; saw {node.seen}")
            return {}
        return self._read(node, problems, where, {})

    def _read(self, node: Node, problems: Problems, where: str, short: Mapping[str, str]) -> Layer:
        layer: Layer = {}

        def put(name: str, given: Given) -> None:
            key = f"{self.prefix}.{name}"
            if key in layer:
                problems.add(given.node, f"{key} is given twice; keep one")
            layer[key] = given

        for name, entry in node.entries.items():
            form = self.forms.get(name)
            if name in self.others:
                continue
            if form and entry.value.entries and not is_range_mapping(entry.value):
                self._form(name, form, entry.value, problems, put)
            elif form and form.word and not isinstance(entry.value.content, str | None | Mapping):
                words = "none" if form.word == "on" else takes(self.parameters[name])
                say = f"it is written {form.example}, or {words}"
                problems.add(entry.value, f"{self.prefix}.{name} is {entry.value.seen}; {say}")
            elif name in self.parameters or name in short:
                self._one(short.get(name, name), entry.value, problems, put)
            elif form:
                say = f"is written {form.example}; saw {entry.value.seen}"
                problems.add(entry.value, f"{self.prefix}.{name} {say}")
            else:
                names = [known for known in self.parameters if "." not in known]
                names += [known for known in self.forms if known not in names]
                allowed = dict.fromkeys((*self.others, *names, *short))
                problems.unknown(entry.key, f"key in {where}", name, allowed, entry.value.text)
        return layer

    def _form(
        self,
        name: str,
        form: Form,
        node: Node,
        problems: Problems,
        put: Callable[[str, Given], None],
    ) -> None:
        key = f"{self.prefix}.{name}"
        given = [inner for inner in node.entries if inner in form.names]
        if form.word is None and len(given) > 1:
            problems.add(node, f"{key} takes {' or '.join(form.names)}; saw both, keep one")
        for inner, entry in node.entries.items():
            if inner in given and (form.word is not None or inner == given[0]):
                self._one(form.names[inner], entry.value, problems, put)
            elif inner not in given:
                problems.unknown(entry.key, f"key in {key}", inner, form.names)
        missing = [needed for needed in form.needs if needed not in node.entries]
        if missing and len(given) == len(node.entries):
            say = f"lacks `{missing[0]}`; it is written {form.example}"
            problems.add(node, f"{key} {say}; saw {node.seen}")
        if form.word is not None:
            put(name, Given(form.word, node))

    def _one(
        self, name: str, node: Node, problems: Problems, put: Callable[[str, Given], None]
    ) -> None:
        key = f"{self.prefix}.{name}"

        def branches(inner: Node) -> Mapping[str, Value]:
            return self._branch(name, inner, problems)

        reader = self.readers.get(name, fixed)
        found = value(self.parameters[name], node, key, problems, branches, reader)
        if found is not None:
            put(name, Given(found, node))

    def _branch(self, name: str, node: Node, problems: Problems) -> Mapping[str, Value]:
        """The settings that exist only under one option of `name`."""
        if node.content is None:
            return {}
        where = f"a choice of {self.prefix}.{name}"
        if not isinstance(node.content, Mapping):
            say = "takes a mapping of the settings that go with it, or nothing"
            problems.add(node, f"{where} {say}; saw {node.seen}")
            return {}
        form = self.forms.get(name)
        short = {
            known.removeprefix(f"{name}."): known
            for known in self.parameters
            if known.startswith(f"{name}.")
        }
        layer = self._read(node, problems, where, {**short, **(dict(form.names) if form else {})})
        found: dict[str, Value] = {}
        for key, given in layer.items():
            if isinstance(given.value, Sweep):
                problems.add(given.node, f"{key}: a sweep cannot stand inside a choice")
            else:
                found[key] = given.value
        return found
