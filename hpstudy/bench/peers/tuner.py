"""Keras Tuner on a job's configurations: RandomSearch whose draws are the listed ones."""

from __future__ import annotations

from typing import Any

import keras
import keras_tuner

from hpstudy import data
from hpstudy.bench.configurations import Configuration
from hpstudy.bench.peers.job import Job, Marks, answer
from hpstudy.bench.peers.model import compiled


class Listed(keras_tuner.oracles.RandomSearchOracle):  # type: ignore[misc]
    """Proposes the job's configurations in their order, and nothing else."""

    def __init__(self, job: Job, marks: Marks) -> None:
        super().__init__(objective="val_accuracy", max_trials=len(job.configurations))
        self._listed, self._marks = list(job.configurations), marks

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        self._marks.trial()
        return {"status": "RUNNING", "values": dict(vars(self._listed.pop(0)))}


class Networks(keras_tuner.HyperModel):  # type: ignore[misc]
    """The study's space, as a user of Keras Tuner writes it."""

    def __init__(self, job: Job, split: data.Split) -> None:
        super().__init__()
        self._study, self._split = job.study, split

    def build(self, hp: Any) -> Any:
        study, (low, high) = self._study, self._study.rates
        one = Configuration(
            subset=hp.Choice("subset", list(study.subsets)),
            depth=hp.Choice("depth", list(study.depths)),
            width=hp.Choice("width", list(study.widths)),
            batch_size=hp.Choice("batch_size", list(study.batch_sizes)),
            learning_rate=hp.Float("learning_rate", low, high, sampling="log"),
        )
        return compiled(one, self._split.shape.input_shape, self._split.shape.outputs)

    def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        return model.fit(*args, batch_size=hp.get("batch_size"), **kwargs)


def main() -> None:
    """Search, and answer with each trial's best validation accuracy."""
    job, marks = Job.read(), Marks()
    split = data.load(job.study.data)
    keras.utils.set_random_seed(1)
    tuner = keras_tuner.Tuner(
        oracle=Listed(job, marks),
        hypermodel=Networks(job, split),
        directory=str(job.folder),
        project_name="tuner",
    )
    tuner.search(
        split.x_train,
        split.y_train,
        epochs=job.study.epochs,
        validation_data=(split.x_val, split.y_val),
        verbose=0,
    )
    trials = [tuner.oracle.trials[name] for name in tuner.oracle.start_order]
    scores = [float(trial.score) for trial in trials if trial.score is not None]
    answer(job, marks.began, scores)


if __name__ == "__main__":
    main()
