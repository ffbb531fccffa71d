"""The matrix products of an MLP's training: how many operations, and which shapes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hpstudy import data
from hpstudy.bench.configurations import Configuration
from hpstudy.bench.studies import Study


@dataclass(frozen=True)
class Product:
    """(rows, inner) @ (inner, columns), with a batch's 2 * rows * inner * columns operations."""

    rows: int
    inner: int
    columns: int

    @property
    def operations(self) -> int:
        return 2 * self.rows * self.inner * self.columns


@dataclass(frozen=True)
class Sizes:
    """What a network is fed: training and validation examples, inputs and outputs of each."""

    train: int
    validation: int
    inputs: int
    outputs: int


def layers(one: Configuration, sizes: Sizes) -> list[tuple[int, int]]:
    """(fan-in, units) of each Dense layer."""
    widths = [sizes.inputs, *[one.width] * one.depth, sizes.outputs]
    return list(zip(widths[:-1], widths[1:], strict=True))


def step(one: Configuration, sizes: Sizes) -> Iterator[Product]:
    """The products of one training step of full training: forward, weights, inputs."""
    batch = one.batch_size
    for place, (fan_in, units) in enumerate(layers(one, sizes)):
        yield Product(batch, fan_in, units)
        yield Product(fan_in, batch, units)
        if place:
            yield Product(batch, units, fan_in)


def operations(one: Configuration, sizes: Sizes) -> int:
    """Operations of an epoch that the subset cannot do without, products alone.

    Without a trained kernel the first layer's product is made once for a run, not each epoch, and
    nobody needs the gradient of a kernel, or a few entries of it at most.
    """
    dense = layers(one, sizes)
    whole = sum(2 * fan_in * units for fan_in, units in dense)
    first = 2 * dense[0][0] * dense[0][1]
    forward = whole if one.subset != "batchnorm" else whole - first
    gradients = {"all": whole}.get(one.subset, 0)
    inputs = whole - first
    return sizes.train * (forward + gradients + inputs) + sizes.validation * forward


def rate(one: Configuration, sizes: Sizes, peaks: Mapping[Product, float]) -> float:
    """Operations a second that the products of one training step reach, run after each other."""
    products = list(step(one, sizes))
    return sum(p.operations for p in products) / sum(peaks[p] for p in products)


def of_study(study: Study) -> Sizes:
    """What the networks of a study are fed."""
    found = data.sizes(study.data)
    inputs = math.prod(found.shape.input_shape)
    return Sizes(found.train, found.validation, inputs, found.shape.outputs)
