"""Keeps Rasa from talking to anyone: telemetry and error reporting off, whatever the machine's configuration says.

``RASA_TELEMETRY_ENABLED`` alone is not enough: error reporting is started before that switch is read, and sends every exception of
training and serving away.
"""

from __future__ import annotations

import os


def silence() -> None:
    """Switch telemetry and error reporting off in this process and its children."""
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    os.environ.pop("RASA_EXCEPTION_WRITE_KEY", None)
    os.environ.pop("RASA_TELEMETRY_WRITE_KEY", None)
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import rasa.telemetry
        import sentry_sdk
    except ImportError:  # pragma: no cover - only in Rasa's environment
        return
    rasa.telemetry.initialize_error_reporting = _nothing
    rasa.telemetry.initialize_telemetry = _disabled
    sentry_sdk.init()  # a client without an address sends nothing; it replaces one that a command line has started already


def _nothing() -> None:
    return None


def _disabled() -> bool:
    return False
