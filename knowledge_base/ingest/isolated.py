"""Documents are read in a process of their own: a file that never ends, eats the memory or brings a library down costs only itself.

``python -m knowledge_base.ingest.isolated`` is that process: it takes a name and bytes, and answers with one JSON object, again and again.
"""

from __future__ import annotations

import json
import os
import resource
import select
import struct
import subprocess
import sys
import time
from dataclasses import asdict
from types import TracebackType
from typing import IO, Any, BinaryIO

from knowledge_base.ingest import kinds
from knowledge_base.ingest.drafts import Document, Draft, Refusal, Row

MOST_MEMORY_BYTES = 2_000_000_000
#: The first document of a kind also loads the library that reads it.
START_S = 30.0


class Reader:
    """Reads documents one after the other; starts its process with the first one and anew after a failure."""

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        self._loaded: set[str] = set()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        self._loaded.clear()
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()

    def read(self, raw: bytes, name: str) -> Document:
        """The drafts of a file.

        Raises:
            Refusal: with the reason's name.
        """
        kind = kinds.sniff(raw, name)
        to_child, from_child = self._started()
        deadline = time.monotonic() + self.timeout_s + (0.0 if kind in self._loaded else START_S)
        encoded = name.encode("utf-8", "replace")
        try:
            to_child.write(struct.pack(">IQ", len(encoded), len(raw)) + encoded + raw)
            to_child.flush()
            (size,) = struct.unpack(">I", _exactly(from_child, 4, deadline))
            answer: dict[str, Any] = json.loads(_exactly(from_child, size, deadline))
        except TimeoutError as error:
            self.close()
            raise Refusal(name, f"not read within {self.timeout_s:g} s", "file_timeout") from error
        except (OSError, EOFError, ValueError) as error:
            self.close()
            raise Refusal(name, "reading it brought the reader down", "file_broken") from error
        self._loaded.add(kind)
        if "refused" in answer:
            raise Refusal(name, *answer["refused"])
        return Document(name, answer["kind"], raw, tuple(_item(item) for item in answer["items"]))

    def _started(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            command = [sys.executable, "-m", "knowledge_base.ingest.isolated"]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the reader was started without pipes")
        return self._process.stdin, self._process.stdout


def _item(plain: dict[str, Any]) -> Draft | Row:
    if "message" in plain:
        return Row(**plain)
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in plain.items()}
    return Draft(**fields)


def _exactly(stream: IO[bytes], size: int, deadline: float) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        ready, _, _ = select.select([stream], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError
        part = os.read(stream.fileno(), min(size - len(parts), 1 << 20))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def _answer(raw: bytes, name: str) -> dict[str, Any]:
    try:
        kind, items = kinds.parse(raw, name)
        return {"kind": kind, "items": [asdict(item) for item in items]}
    except Refusal as error:
        return {"refused": [str(error), error.code]}


def serve(source: BinaryIO, target: BinaryIO) -> None:
    """Answer until the input ends."""
    while len(head := source.read(12)) == 12:
        name_size, raw_size = struct.unpack(">IQ", head)
        name = source.read(name_size).decode("utf-8", "replace")
        answer = json.dumps(_answer(source.read(raw_size), name)).encode()
        target.write(struct.pack(">I", len(answer)) + answer)
        target.flush()


def main() -> None:
    """The process: what a library prints goes nowhere near the answers."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
