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
from queue import Empty, SimpleQueue
from threading import Thread
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


class Inbox:
    """Frames that arrive while their reader is at work: a thread keeps the pipe empty."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._frames: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self._ended = False
        Thread(target=self._read, args=(stream,), daemon=True).start()

    @property
    def ended(self) -> bool:
        """Whether the other side is gone and everything it sent is taken."""
        return self._ended

    def take(self, wait: bool) -> list[dict[str, Any]]:
        """The heads of all frames that are there; with `wait` at least one, unless none follows."""
        found: list[dict[str, Any]] = []
        while not self._ended:
            try:
                head = self._frames.get(block=wait and not found)
            except Empty:
                break
            if head is None:
                self._ended = True
            else:
                found.append(head)
        return found

    def _read(self, stream: IO[bytes]) -> None:
        while (frame := read(stream)) is not None:
            self._frames.put(frame[0])
        self._frames.put(None)


def _exactly(stream: IO[bytes], count: int) -> bytes | None:
    content = bytearray()
    while len(content) < count:
        more = stream.read(count - len(content))
        if not more:
            return None
        content += more
    return bytes(content)
