"""What is wrong with a text that is no YAML: where, and in the words of who wrote it."""

from __future__ import annotations

import yaml

# part of what PyYAML says -> what is wrong, and whether it begins where PyYAML's context does
_WORDS: tuple[tuple[str, str, bool], ...] = (
    ("'\\t'", "a tab; indent with spaces, not with tabs", False),
    (
        "mapping values are not allowed",
        "this line or the one above lacks its `:` or is indented otherwise than its neighbours",
        False,
    ),
    ("could not find expected ':'", "no `key: value`; write a colon and a space after a key", True),
    ("found '<block mapping start>'", "indented otherwise than the lines around it", False),
    (
        "found '<block sequence start>'",
        "indented otherwise than the rest of its list",
        False,
    ),
    ("found '}'", "a `}` that closes nothing", False),
    ("found ']'", "a `]` that closes nothing", False),
    ("expected ',' or '}'", "the `{` here is not closed; add `}` where its entries end", True),
    ("expected ',' or ']'", "the `[` here is not closed; add `]` where its entries end", True),
    ("unexpected end of stream", "the quote here is not closed", True),
    ("found undefined alias", "the name after `*` is not defined; quote it if it is a word", False),
    ("that cannot start any token", "no word starts with this character; quote the word", False),
    ("expected '<document start>'", "no `key: value` where one must stand", False),
    ("found another document", "a second document; a study file holds one", False),
)


def explained(text: str, error: yaml.MarkedYAMLError) -> tuple[int, int, str]:
    """Line, column and words for an error; line 0 where PyYAML does not tell it."""
    said = ", ".join(part for part in (error.context, error.problem) if part)
    words, here = said, False
    for part, meant, earlier in _WORDS:
        if part in said:
            words, here = f"{meant} ({error.problem})", earlier
            break
    mark = (error.context_mark if here else None) or error.problem_mark or error.context_mark
    if mark is None:
        return 0, 0, words
    if "\u00a0" in text.splitlines()[mark.line]:
        words = "a no-break space, which YAML takes for a letter; type a plain space"
    return mark.line + 1, mark.column + 1, words
