"""Refusals of the facts' service."""

from __future__ import annotations


class FactError(Exception):
    """Something that cannot be applied or confirmed; the message is a sentence for the person at the terminal."""
