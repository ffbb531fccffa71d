"""What a peer's process is told and what it answers: a JSON file in, a JSON file out."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hpstudy.bench.configurations import Configuration, read
from hpstudy.bench.studies import Study
from hpstudy.spec.study import Data


@dataclass(frozen=True)
class Job:
    """Trials to train, and where to leave what comes of it."""

    study: Study
    configurations: tuple[Configuration, ...]
    folder: Path
    cache: Path
    options: Mapping[str, int] = field(default_factory=dict)

    def write(self) -> Path:
        """The job as a file in its folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        told = {**asdict(self), "folder": str(self.folder), "cache": str(self.cache)}
        path = self.folder / "job.json"
        path.write_text(json.dumps(told, indent=1))
        return path

    @classmethod
    def read(cls) -> Job:
        """The job whose file is the process's first argument."""
        told = json.loads(Path(sys.argv[1]).read_text())
        study: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in told["study"].items()
        }
        study["data"] = Data(**study["data"])
        return cls(
            Study(**study),
            read(told["configurations"]),
            Path(told["folder"]),
            Path(told["cache"]),
            told["options"],
        )


class Marks:
    """Notes when the first trial starts, by the clock that the waiting process reads too."""

    def __init__(self) -> None:
        self.began: float | None = None

    def trial(self) -> None:
        self.began = self.began or time.time()


def answer(job: Job, began: float | None, scores: Sequence[float | None], **parts: Any) -> None:
    """Leave the best validation accuracy of each trial, in the order of the configurations."""
    if len(scores) != len(job.configurations):
        say = f"{len(scores)} of {len(job.configurations)} trials have an accuracy"
        raise RuntimeError(f"{say}; the peer's trials failed")
    found = {"began": began, "accuracies": list(scores), "parts": parts}
    (job.folder / "result.json").write_text(json.dumps(found))


def result(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "result.json").read_text())
    return found
