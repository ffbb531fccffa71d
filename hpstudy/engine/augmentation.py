"""Images mirrored and shifted at random in training: the numbers, and the images that they make.

As in He et al. (2016, arXiv 1512.03385, section 4.2) for CIFAR-10: an image is mirrored left to
right or not, padded with zeros, and a window of its own size is cut out anywhere. Zeros are the
mean where images are scaled to it.

The numbers are drawn by NumPy, one row for each training example and epoch, from the run's own
stream. Everything that trains takes the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hpstudy.spec.seeds import derived


def is_on(config: Mapping[str, Any]) -> bool:
    """Whether a run's training images are augmented."""
    return bool(config.get("training.augment") == "on")


def draws(config: Mapping[str, Any], seed: int, epoch: int, examples: int) -> Any:
    """An epoch's numbers, int8 (examples, 3): mirrored or not, and how far the window lies off.

    Down and right count as positive, both from -crop to crop. None without augmentation.
    """
    if not is_on(config):
        return None
    generator = np.random.Generator(np.random.Philox(derived(seed, epoch)))
    crop = int(config["training.augment.crop"])
    mirrored = generator.integers(0, 2, (examples, 1), np.int8)
    offsets = generator.integers(-crop, crop + 1, (examples, 2), np.int8)
    return np.concatenate([mirrored * bool(config["training.augment.flip"]), offsets], axis=1)


def chosen_images(x: Any, chosen: Any, drawn: Any) -> Any:
    """The images `chosen` (batch,) of x (n, rows, columns, ...), each as its row of `drawn` says.

    On JAX arrays; one gather, so nothing is padded and the numbers compile nothing.
    """
    import jax.numpy as jnp

    mirrored, down, right = drawn[chosen].astype(jnp.int32).T
    height, width = x.shape[1:3]
    rows = jnp.arange(height)[None, :] + down[:, None]
    columns = jnp.arange(width)[None, :] + right[:, None]
    inside = _within(rows, height)[:, :, None] & _within(columns, width)[:, None, :]
    columns = jnp.where(mirrored[:, None] > 0, width - 1 - columns, columns)
    places = (
        chosen[:, None, None],
        jnp.clip(rows, 0, height - 1)[:, :, None],
        jnp.clip(columns, 0, width - 1)[:, None, :],
    )
    return jnp.where(inside.reshape(*inside.shape, *(1,) * (x.ndim - 3)), x[places], 0)


def cut_images(images: Any, drawn: Any, crop: int) -> Any:
    """NumPy's `images`, each as its row of `drawn` says, done one by one as the paper tells it."""
    height, width = images.shape[1:3]
    around = ((crop, crop), (crop, crop), *((0, 0),) * (images.ndim - 3))
    found = np.empty_like(images)
    for number, (mirrored, down, right) in enumerate(drawn.tolist()):
        image = images[number, :, ::-1] if mirrored else images[number]
        top, left = crop + down, crop + right
        found[number] = np.pad(image, around)[top : top + height, left : left + width]
    return found


def _within(places: Any, size: int) -> Any:
    return (places >= 0) & (places < size)
