"""Subset expressions: what they mean, and what is said of a wrong one."""

from __future__ import annotations

import pytest

from hpstudy.errors import HpstudyError
from hpstudy.subsets.rules import WORDS, RuleError, parse


@pytest.mark.parametrize("word", WORDS)
def test_every_word_stands_by_itself(word: str) -> None:
    assert parse(word) == (("+", word),)


def test_words_act_from_left_to_right_and_spaces_mean_nothing() -> None:
    assert parse(" all - output+ random") == (("+", "all"), ("-", "output"), ("+", "random"))


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("", "not a subset"),
        ("batchnorm+", "not a subset"),
        ("batchnorm++output", "not a subset"),
        ("bachnorm", "did you mean 'batchnorm'"),
        ("all+all", "named twice"),
        ("-batchnorm", "write 'all-batchnorm'"),
        ("all-random", "only be added"),
    ],
)
def test_a_wrong_expression_is_told(expression: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as told:
        parse(expression)
    assert isinstance(told.value, RuleError)
    assert isinstance(told.value, HpstudyError)
