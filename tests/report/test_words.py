"""What a page says is what a researcher can read, without the words of the program."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

from hpstudy.report import write
from hpstudy.store import Store
from tests.analysis import synthetic
from tests.analysis.synthetic import Options

SMALL: dict[str, Any] = {"depths": (1,), "trials": 4, "confirm": 2, "epochs": 4, "arrays": False}
JARGON = ("gathered", "prefix", "cell", "rung", "look 2", "choose mean", "choose runs", "padded")


def text(page: str) -> str:
    """What a reader sees, but for the study file and the name of this file."""
    body = re.sub(r"<style>.*?</style>|<pre.*?</pre>", "", page, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def changed(folder: Path, **study: Any) -> str:
    """The page of a small study with its study event, and the numerics of every run, changed."""
    whole = synthetic.write(folder / "whole", Options(**SMALL, looks=[(4, 1), (4, 2)]))
    store, lines = Store(folder / "changed"), []
    for event in whole.events():
        if event["event"] == "study":
            event |= study
        if event["event"] == "run":
            drawn = event["arm"] == "random"
            own = {"gathered": drawn, "prefix": True, "lanes": 1, "threads": 1}
            event["numerics"] |= {**own, "padded": {"model.width": 128} if drawn else {}}
        lines.append(f"{json.dumps(event)}\n")
    store.write_text("runs.jsonl", "".join(lines))
    return text(write(store.folder).read_text())


def test_the_page_has_no_words_of_the_program(tmp_path: Path) -> None:
    told = changed(tmp_path)
    assert not [word for word in JARGON if re.search(rf"\b{word}", told)]
    for words in ("1 run at a time in a program", "frozen first layers computed once for a run"):
        assert words in told
    assert "gradients of the drawn weights alone, computed at width 128" in told
    assert re.search(r"Numerics of full and bn_only \(\d+ runs\) ?gradients of whole kernels", told)
    assert re.search(r"Numerics of random \(\d+ runs\) ?gradients of the drawn weights", told)
    assert "were looked at twice (on 1, then 2 seeds)" in told
    assert "The configuration picked for each arm and depth." in told


def test_the_data_that_were_used_stand_below_the_question(tmp_path: Path) -> None:
    told = changed(tmp_path / "whole")
    assert "at what depth? Asked of mnist_5k: 5,000 real MNIST training digits, 28x28" in told
    data = {"name": "digits", "validation": 0.2, "test": 0.2, "split_seed": 1, "options": None}
    data |= {"examples": [30, 10, 10], "fingerprint": "c0ffee", "target_scale": 1.0}
    data |= {"shape": {"input_shape": [8, 8, 1], "task": "classification", "outputs": 10}}
    arguments = ["--variant", "quick", "--set", "confirm.seeds=2"]
    told = changed(tmp_path / "quick", data=data, arguments=arguments)
    assert "Asked of digits: 1,797 handwritten digits, 8x8, from scikit-learn" in told
    assert "1998). Variant quick of the study file, with confirm.seeds=2." in told
    assert "The first arm of each contrast minus its second, test accuracy on digits." in told
