"""The only source of the present time, always aware and in UTC, so that tests and simulations can set it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_source: ContextVar[Callable[[], datetime] | None] = ContextVar("clock", default=None)


def now() -> datetime:
    """The present, in UTC."""
    source = _source.get()
    return source() if source is not None else datetime.now(UTC)


@contextmanager
def told_by(source: Callable[[], datetime]) -> Iterator[None]:
    """Within the block, and in the tasks that it starts, another clock tells the time; everybody else keeps the real one."""
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)
