"""Optuna around `model.fit` on a job's configurations, which are enqueued; a journal on disk."""

from __future__ import annotations

import keras
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from hpstudy import data
from hpstudy.bench.configurations import Configuration
from hpstudy.bench.peers.job import Job, Marks, answer
from hpstudy.bench.peers.model import compiled


def main() -> None:
    """Optimise, and answer with each trial's best validation accuracy."""
    job, marks = Job.read(), Marks()
    split = data.load(job.study.data)
    keras.utils.set_random_seed(1)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space, (low, high) = job.study, job.study.rates

    def objective(trial: optuna.Trial) -> float:
        marks.trial()
        keras.backend.clear_session()
        one = Configuration(
            subset=trial.suggest_categorical("subset", space.subsets),
            depth=trial.suggest_categorical("depth", space.depths),
            width=trial.suggest_categorical("width", space.widths),
            batch_size=trial.suggest_categorical("batch_size", space.batch_sizes),
            learning_rate=trial.suggest_float("learning_rate", low, high, log=True),
        )
        model = compiled(one, split.shape.input_shape, split.shape.outputs, **job.options)
        history = model.fit(
            split.x_train,
            split.y_train,
            batch_size=one.batch_size,
            epochs=space.epochs,
            validation_data=(split.x_val, split.y_val),
            verbose=0,
        )
        return float(max(history.history["val_accuracy"]))

    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(job.folder / "optuna.log"))),
        sampler=optuna.samplers.RandomSampler(seed=1),
        direction="maximize",
    )
    for one in job.configurations:
        study.enqueue_trial(dict(vars(one)))
    study.optimize(objective, n_trials=len(job.configurations))
    answer(job, marks.began, [trial.value for trial in study.trials])


if __name__ == "__main__":
    main()
