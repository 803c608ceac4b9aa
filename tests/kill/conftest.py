"""One running program for each file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.program import Program


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    program = Program(tmp_path_factory.mktemp("kill"))
    try:
        program.wait_until("database", "understanding", "worker")
        if program.has_dialogue:
            program.wait_until("dialogue")
        yield program
    finally:
        program.stop()
