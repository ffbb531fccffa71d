"""`load`: a study file in, a `Spec` out, or every mistake in it at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from hpstudy.errors import Problem, SpecError
from hpstudy.spec import edits as changes
from hpstudy.spec import needs, twice, yaml
from hpstudy.spec.cautions import cautions
from hpstudy.spec.dataset import contents
from hpstudy.spec.declarations import Registries
from hpstudy.spec.problems import Problems
from hpstudy.spec.read import Read
from hpstudy.spec.reading import WORD, Reading, named
from hpstudy.spec.study import Spec
from hpstudy.spec.yaml import Node


def load(
    path: str | Path,
    registries: Registries,
    variant: str | None = None,
    edits: Sequence[str] = (),
) -> Spec:
    """The study that a file describes.

    `variant` names one of the file's `variants:`, laid over it; the study is then called
    '<name>-<variant>'. `edits` are strings such as 'training.length.epochs=2', applied last.
    Raises SpecError with every mistake, those in variants that are not asked for included.
    """
    text = _text(Path(path))
    problems = Problems()
    root = yaml.read(text, str(path), problems)
    if root is None:
        problems.check()
        raise AssertionError("a text that is no YAML is told")
    plain = not len(problems)
    repeated = yaml.repeated(root, problems)
    wrong = len(problems) > 0

    def read(root: Node) -> tuple[Read, list[Problem], tuple[Problem, ...]]:
        reading = Reading(registries, Path(path), text, plain)
        return _checked(named(root), reading, variant, edits, wrong)

    one, mistakes, doubtful = read(root)
    if repeated:
        roots = twice.ways(root)
        _, found, doubted = zip(*map(read, roots), strict=True)
        mistakes = [*twice.certain(roots, found)]
        doubtful = tuple(twice.certain(roots, doubted))
    for mistake in mistakes:
        problems.at(mistake.file, mistake.line, mistake.column, mistake.message)
    problems.check(doubtful)
    assert one.spec is not None
    return replace(one.spec, arguments=_arguments(variant, edits), cautions=doubtful)


def _checked(
    root: Node, reading: Reading, variant: str | None, edits: Sequence[str], wrong: bool
) -> tuple[Read, list[Problem], tuple[Problem, ...]]:
    """What a root says, every mistake in it, and what it hardly means; the file may be `wrong`."""
    problems = Problems()
    read = reading.read(root, problems)
    if not isinstance(root.content, Mapping):
        return read, problems.found, ()
    variants = reading.variants(root, problems)
    for name, node in variants.items():
        found = Problems()
        reading.read(changes.merged(root, node), found)
        problems.include(found, f" (in variant {name})")
    reading.unused.tell(problems)
    if variant is not None and variant not in variants:
        _no_variant(variant, variants, reading.path.name, problems)
        variant = None
    arguments = _arguments(variant, edits)
    found = Problems()
    root = changes.changed(root, arguments, found)
    if arguments:
        read = reading.read(root, found, variant)
        reading.unused.tell(found)
    problems.include(found)
    needs.check(root, read, reading.registries.drivers, problems)
    if (wrong or len(problems)) and read.spec is not None:
        # else it is read, and what is wrong in it told, once the study is found right
        data = read.spec.data
        contents(data, reading.registries.datasets[data.name], problems)
    return read, problems.found, cautions(root, read, reading.registries.drivers)


def _no_variant(name: str, variants: Collection[str], file: str, problems: Problems) -> None:
    place = Node(None, f"--variant {name}")
    if variants:
        problems.unknown(place, "variant", name, variants)
        return
    called = name if WORD.match(name) else "quick"
    problems.add(
        place,
        f"{file} has no variants; add what they change at its end, as in\n"
        f"    variants:\n"
        f"      {called}: {{training: {{length: {{epochs: 2}}}}, confirm: {{seeds: 2}}}}",
    )


def _arguments(variant: str | None, edits: Sequence[str]) -> tuple[str, ...]:
    named = ("--variant", variant) if variant is not None else ()
    return named + tuple(word for edit in edits for word in ("--set", edit))


def _beside(path: Path) -> str:
    """The study file that was likely meant, of those in the same folder or in `studies` there."""
    folders = (path.parent, path.parent / "studies")
    known = {one.stem: one for folder in reversed(folders) for one in sorted(folder.glob("*.y*ml"))}
    close = get_close_matches(path.stem, known, n=1)
    return f"; did you mean {known[close[0]]}?" if close else ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        say = f"is not UTF-8 text, at byte {error.start}; save it as UTF-8"
    except FileNotFoundError:
        say = f"there is no such file{_beside(path)}"
    except IsADirectoryError:
        say = "this is a folder; name the study file inside it"
    except OSError as error:
        say = f"cannot be read: {error.strerror}"
    raise SpecError([Problem(say, str(path))])
