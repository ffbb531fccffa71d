"""What bit-equal results depend on besides the study file, and TensorFlow held to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from hpstudy.engine.processor import processor

DETERMINISTIC = "--xla_gpu_deterministic_ops=true"


def numerics(start: Mapping[str, Any]) -> dict[str, Any]:
    """Backend, device, versions, threads and precision of a worker with this first frame."""
    import keras

    known = _tensorflow(start) if start["backend"] == "tensorflow" else _jax(start)
    return {
        **known,
        "backend": keras.backend.backend(),
        "keras": keras.__version__,
        "threads": 1 if start["core"] is not None else os.cpu_count(),
        "dtype": start["dtype"],
        "lanes": 1,
    }


def settle_tensorflow(start: Mapping[str, Any]) -> None:
    """Threads, operations in one order and the precision of products, before anything runs."""
    import tensorflow as tf

    if start["core"] is not None:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    tf.config.experimental.enable_tensor_float_32_execution(start["matmul"] == "tf32")
    # under determinism an operation without any seed is an error
    tf.random.set_seed(0)


def _jax(start: Mapping[str, Any]) -> dict[str, Any]:
    import jax

    found = {"device": jax.devices()[0].device_kind, "jax": jax.__version__}
    flags = os.environ.get("XLA_FLAGS", "").split()
    if start["gpu"] is None:
        # how loops are compiled, and for what vectors, decides in which order they sum
        return {**found, "processor": processor(), "xla_flags": " ".join(flags)}
    return {**found, "matmul": start["matmul"], "deterministic": DETERMINISTIC in flags}


def _tensorflow(start: Mapping[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    cards = tf.config.list_physical_devices("GPU")
    kind = "cpu"
    if cards:
        kind = tf.config.experimental.get_device_details(cards[0]).get("device_name", "GPU")
    found = {"device": kind, "tensorflow": tf.__version__, "path": "model.fit"}
    if start["gpu"] is None:
        return {**found, "processor": processor()}
    if not cards:
        raise RuntimeError(f"TensorFlow does not see GPU {start['gpu']}")
    tf32 = tf.config.experimental.tensor_float_32_execution_enabled()
    return {**found, "matmul": "tf32" if tf32 else "float32", "deterministic": True}
