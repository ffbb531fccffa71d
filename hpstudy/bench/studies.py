"""The studies that the peers race on: data, space, epochs, trials."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hpstudy.bench.options import Options
from hpstudy.spec.study import Data

# a split needs a test part; nobody here looks at it, so it is as small as can be
MNIST = Data("mnist_5k", 0.2, 0.0002, 1)
FASHION = Data("fashion_mnist", 0.2, None, 1)
DIGITS = Data("digits", 0.2, 0.001, 1)


@dataclass(frozen=True)
class Study:
    """A set of trials that every peer trains; validation after each epoch."""

    name: str
    data: Data
    epochs: int
    trials: int
    subsets: tuple[str, ...] = ("all", "batchnorm")
    depths: tuple[int, ...] = (1, 2, 3)
    widths: tuple[int, ...] = (64, 128, 256)
    batch_sizes: tuple[int, ...] = (64, 128, 256)
    rates: tuple[float, float] = (1e-3, 1.0)
    crossed: bool = False

    def quick(self) -> Study:
        """The same on scikit-learn's digits: small enough to see in a minute that all runs."""
        width = min(*self.widths, 64) if len(self.widths) > 1 else 32
        return replace(
            self, data=DIGITS, epochs=5, trials=min(self.trials, 4), widths=(width, width // 2)
        )


STUDIES: dict[str, Study] = {
    study.name: study
    for study in (
        Study("small", MNIST, epochs=20, trials=40),
        Study("full", FASHION, epochs=5, trials=60),
        Study(
            "seed",
            FASHION,
            epochs=3,
            trials=9,
            subsets=("all", "batchnorm", "random"),
            depths=(2, 4, 8),
            widths=(784,),
            batch_sizes=(128,),
            rates=(0.03, 0.1),
            crossed=True,
        ),
    )
}


def sized(name: str, options: Options) -> Study:
    """The study `name`, as large as it is asked for."""
    study = STUDIES[name].quick() if options.quick else STUDIES[name]
    return replace(study, trials=options.trials or study.trials)
