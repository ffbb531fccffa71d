"""Frames between coordinator and worker: a JSON head and any arrays, with their lengths.

4 bytes  length of the head     big-endian
8 bytes  length of the payload  big-endian
the head as JSON, then the payload as an .npz archive (or nothing)
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping
from typing import IO, Any

_LENGTHS = struct.Struct(">IQ")


def write(stream: IO[bytes], head: Mapping[str, Any], payload: bytes = b"") -> None:
    """Send one frame and flush it."""
    text = json.dumps(head).encode()
    stream.write(_LENGTHS.pack(len(text), len(payload)) + text + payload)
    stream.flush()


def read(stream: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """The next frame, waiting for it; None where the other side is gone."""
    lengths = _exactly(stream, _LENGTHS.size)
    if lengths is None:
        return None
    head_length, payload_length = _LENGTHS.unpack(lengths)
    head, payload = _exactly(stream, head_length), _exactly(stream, payload_length)
    if head is None or payload is None:
        return None
    return json.loads(head), payload


def pack(arrays: Mapping[str, Any]) -> bytes:
    """Arrays as an .npz archive, stored without compression."""
    import numpy as np

    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _exactly(stream: IO[bytes], count: int) -> bytes | None:
    content = b""
    while len(content) < count:
        more = stream.read(count - len(content))
        if not more:
            return None
        content += more
    return content
