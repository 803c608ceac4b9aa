"""Structured logs: ids, lengths and codes, never text, coordinates or names (held by a lint test)."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

Scrub = Callable[[str], str]

#: A value beyond this is cut: an exception may carry the whole message that broke something.
LONGEST_VALUE = 4000
#: A whole number with more digits may be a phone's; counts and milliseconds have fewer.
MOST_DIGITS = 8
_OURS = {"timestamp", "level", "module"}


class ScrubbingFormatter(logging.Formatter):
    """The standard library's lines, exceptions and all, through the same last defence."""

    def __init__(self, scrub: Scrub) -> None:
        super().__init__("%(levelname)s %(name)s %(message)s")
        self._scrub = scrub

    def format(self, record: logging.LogRecord) -> str:
        """The line, scrubbed."""
        return self._scrub(super().format(record)[: 2 * LONGEST_VALUE])


def scrubbing(scrub: Scrub) -> Callable[[Any, str, MutableMapping[str, Any]], MutableMapping[str, Any]]:
    """A processor that scrubs every value of an event, whatever its type; comes after exceptions became text."""

    def value_of(value: Any) -> Any:
        if value is None or isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 10**MOST_DIGITS):
            return value
        if isinstance(value, dict):
            return {value_of(key): value_of(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [value_of(inner) for inner in value]
        return scrub((value if isinstance(value, str) else repr(value))[:LONGEST_VALUE])

    def process(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {key: value if key in _OURS else value_of(value) for key, value in event.items()}

    return process


def configure(level: str = "INFO", scrub: Scrub = str) -> None:
    """Send everything to standard error, a line each; standard output belongs to commands' results.

    ``scrub`` takes out of every text what no line may carry; this package knows no language, so whoever starts a process hands it in.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(ScrubbingFormatter(scrub))
    handler.setLevel(logging.WARNING)  # on the handler: some libraries set their own loggers' level to DEBUG when imported
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            scrubbing(scrub),
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def keep_off_standard_output() -> None:
    """For commands: whatever is logged goes to standard error as it is at that moment; standard output belongs to the result."""
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))


def get(name: str) -> Any:
    """The logger of a module; call it with an event and keyword arguments."""
    return structlog.get_logger(module=name)
