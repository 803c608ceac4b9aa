"""Surge mode: one switch for the hour in which everybody calls at once."""
