"""Training examples in a run's own order, for `model.fit`."""

from __future__ import annotations

from math import ceil
from typing import Any

import keras

from hpstudy.engine.host import batch_order


class Ordered(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of x and y (arrays, or structures of them) in the order of epoch `epoch`.

    The last, partial batch is dropped unless `keep`.
    """

    def __init__(self, x: Any, y: Any, batch: int, order_seed: int, keep: bool) -> None:
        super().__init__()
        self._data, self._batch, self._seed, self._keep = (x, y), batch, order_seed, keep
        self._examples = len(keras.tree.flatten(x)[0])
        self.turn(1)

    def turn(self, epoch: int) -> None:
        """Go over to the order of an epoch, counted from 1."""
        self._order = batch_order(self._seed, epoch, self._examples)

    def __len__(self) -> int:
        whole = self._examples // self._batch
        return ceil(self._examples / self._batch) if self._keep else whole

    def __getitem__(self, index: int) -> Any:
        chosen = self._order[index * self._batch : (index + 1) * self._batch]
        return keras.tree.map_structure(lambda array: array[chosen], self._data)


class Turn(keras.callbacks.Callback):  # type: ignore[misc]
    """Turns the data to the order of each epoch as it begins."""

    def __init__(self, data: Ordered) -> None:
        super().__init__()
        self._data = data

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._data.turn(epoch + 1)
