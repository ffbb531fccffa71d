"""Parameters of Keras Tuner as questions to a driver: every answer is a value of Keras Tuner's."""

import json
from typing import Any

import keras_tuner
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpstudy.hypermodels.asking import AskingHyperParameters
from hpstudy.spec.registered import Registered
from hpstudy.spec.space import Choice, FloatRange, IntRange


def registered(kind: str, *args: Any, **options: Any) -> Registered:
    """What is asked where a hypermodel registers one parameter."""
    asked: list[Registered] = []

    def answer(one: Registered) -> Any:
        asked.append(one)
        return one.default

    getattr(AskingHyperParameters(answer), kind)("p", *args, **options)
    return asked[0]


@pytest.mark.parametrize(
    ("one", "question", "values"),
    [
        (registered("Int", 6, 13, step=3), IntRange(6, 13, step=3), {6: 6, 12: 12}),
        (
            registered("Int", 2, 40, step=2, sampling="log"),
            IntRange(0, 4),
            {0: 2, 3: 16, 4: 32},
        ),
        (
            registered("Float", 0.001, 10, step=10, sampling="log"),
            IntRange(0, 4),
            {0: 0.001, 4: 10.0},
        ),
        (
            registered("Float", 1, 9, sampling="reverse_log"),
            FloatRange(1.0, 9.0, log=True),
            {1.0: 9.0, 9.0: 1.0},
        ),
        (registered("Boolean"), Choice((False, True)), {True: True}),
        (registered("Choice", [True, False]), Choice((True, False)), {False: False}),
        (registered("Fixed", "x"), None, {}),
    ],
)
def test_corner_cases(one: Registered, question: Any, values: dict[Any, Any]) -> None:
    assert one.question == question
    for answer, value in values.items():
        assert one.value(answer) == pytest.approx(value)
        assert type(one.value(answer)) is type(value)
    assert Registered.of(json.loads(json.dumps(one.as_json()))) == one


@given(
    low=st.integers(1, 50),
    extra=st.integers(0, 200),
    step=st.none() | st.integers(2, 7),
    sampling=st.sampled_from(["linear", "log", "reverse_log"]),
    share=st.floats(0, 1),
)
@settings(max_examples=60, deadline=None)
def test_every_answer_is_a_value_of_keras_tuners(
    low: int, extra: int, step: int | None, sampling: str, share: float
) -> None:
    high = low + extra
    one = registered("Int", low, high, step=step, sampling=sampling)
    question = one.question
    assert isinstance(question, IntRange)
    steps = (question.high - question.low) // question.step
    value = one.value(question.low + round(share * steps) * question.step)
    assert isinstance(value, int) and low <= value <= high
    theirs = keras_tuner.engine.hyperparameters.Int("p", low, high, step=step, sampling=sampling)
    if theirs.step is not None:
        listed = {int(theirs._get_value_by_index(i) + 1e-9) for i in range(theirs._get_n_values())}
        assert value in listed


def test_an_inactive_parameter_is_none_and_not_asked() -> None:
    asked: list[str] = []

    def answer(one: Registered) -> Any:
        asked.append(one.name)
        return one.default

    hp = AskingHyperParameters(answer)
    assert hp.Choice("kind", ["a", "b"]) == "a"
    with hp.conditional_scope("kind", ["b"]):
        assert hp.Int("units", 1, 8) is None
    with hp.conditional_scope("kind", ["a"]), hp.name_scope("inner"):
        assert hp.Int("units", 3, 8) == 3
    assert asked == ["kind", "inner/units"]
    assert hp.get("inner/units") == 3
