"""Which study a word names, and where none does, which studies there are, the likeliest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

from hpstudy.errors import StoreError
from hpstudy.store import Store

REPORTS = Path("reports")  # where the commands keep studies
MOST = 3  # studies that are named


def named(given: str) -> Path:
    """The folder that is given, or the study of that name where studies are kept."""
    folder, kept = Path(given), REPORTS / given
    with suppress(OSError):  # what this user may not read names nothing
        if folder.name == given and not Store(folder).exists and Store(kept).exists:
            return kept
    return folder


def no_study(folder: Path) -> StoreError:
    """An error that says what is at the folder's place, and names studies that may be meant."""
    if folder.is_file():
        wrong = f"{folder} is a file, not a study's folder"
    elif not folder.is_dir():
        wrong = f"there is no folder {folder}"
    else:
        wrong = f"{folder} holds no study: no runs.jsonl in it tells of one"
    return StoreError(wrong + _hint(folder))


def _hint(folder: Path) -> str:
    """'; did you mean reports/mlp_bn-quick?', or some of the studies; '' where there are none."""
    known = _studies(folder)
    name = folder.stem if folder.is_file() else folder.resolve().name
    near = _near(name, [one.name for one in known])
    meant = [str(one) for name in near for one in known if one.name == name][:MOST]
    if meant:
        return f"; did you mean {_either(meant)}?"
    some = [str(one) for one in known[:MOST]]
    more = f" and {len(known) - MOST} more" if len(known) > MOST else ""
    return f"; studies are in {', '.join(some)}{more}" if some else ""


def _studies(folder: Path) -> list[Path]:
    """The folders of studies in this folder, beside it, and where studies are kept."""
    found: dict[Path, Path] = {}
    for place in (folder, folder.parent, REPORTS):
        # what this user may not read holds nothing to name
        with suppress(OSError):
            for one in sorted(place.iterdir()):
                with suppress(OSError):
                    if Store(one).exists:
                        found.setdefault(one.resolve(), one)
    return list(found.values())


def _near(name: str, names: Iterable[str]) -> list[str]:
    """The names that begin as this one does, then those that are spelt nearly so."""
    known = list(dict.fromkeys(names))
    begin = [one for one in known if one.startswith(name) or name.startswith(one)]
    close = get_close_matches(name, known, n=MOST)
    return list(dict.fromkeys([*sorted(begin, key=lambda one: abs(len(one) - len(name))), *close]))


def _either(words: Sequence[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
