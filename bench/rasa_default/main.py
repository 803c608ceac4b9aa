"""``rasa …`` as its users run it, except that it calls nobody: telemetry and error reporting are off."""

from __future__ import annotations

import sys

from bot.dialogue.quiet import silence


def main() -> None:
    """Run Rasa's own command line."""
    silence()
    from rasa.__main__ import main as rasa

    sys.argv[0] = "rasa"
    rasa()


if __name__ == "__main__":
    main()
