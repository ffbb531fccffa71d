"""What XLA takes of the flags that a worker on a core sets: it tells them beside what it dumps."""

import os
import subprocess
import sys
from pathlib import Path

CODE = """
from hpstudy.engine.worker import prepare_process
prepare_process(min(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0, "jax")
import jax
jax.jit(lambda a: a + 1)(1.0)
"""


def test_xla_takes_every_flag_and_a_users_own(tmp_path: Path) -> None:
    flags = f"--xla_dump_to={tmp_path}"
    subprocess.run(
        [sys.executable, "-c", f"import os\n{CODE}"],
        env={**os.environ, "XLA_FLAGS": flags},
        check=True,
        capture_output=True,
    )
    (told, *_) = tmp_path.glob("*.debug_options")
    taken = " ".join(told.read_text().split())
    assert "xla_cpu_copy_insertion_use_region_analysis: true" in taken
    for option in ("xla_cpu_disable_loop_unrolling", "xla_cpu_disable_tiled_emitter"):
        assert f'xla_backend_extra_options: {{ key: "{option}"' in taken
    assert "xla_llvm_disable_expensive_passes: true" in taken
    assert "xla_cpu_multi_thread_eigen: false" in taken
