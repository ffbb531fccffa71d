"""Counts of the operations that training cannot do without."""

from __future__ import annotations

from hpstudy.bench.configurations import Configuration
from hpstudy.bench.products import Product, Sizes, operations, rate, step

SIZES = Sizes(train=100, validation=10, inputs=20, outputs=5)


def network(subset: str) -> Configuration:
    return Configuration(subset, 2, 8, 25, 0.1)


def test_full_training_does_every_product_of_its_steps() -> None:
    steps = 100 // 25
    training = steps * sum(product.operations for product in step(network("all"), SIZES))
    validation = 10 * 2 * (20 * 8 + 8 * 8 + 8 * 5)
    assert operations(network("all"), SIZES) == training + validation


def test_frozen_kernels_save_their_gradients_and_batchnorm_the_first_layer() -> None:
    above = 2 * (8 * 8 + 8 * 5)
    first = 2 * 20 * 8
    assert operations(network("batchnorm"), SIZES) == 100 * 2 * above + 10 * above
    assert operations(network("random"), SIZES) == 100 * (2 * above + first) + 10 * (above + first)


def test_a_peak_is_all_operations_over_all_seconds() -> None:
    products = list(step(network("all"), SIZES))
    peaks = {product: 0.5 for product in products}
    work = sum(product.operations for product in products)
    assert rate(network("all"), SIZES, peaks) == work / (0.5 * len(products))
    assert Product(2, 3, 4).operations == 48
