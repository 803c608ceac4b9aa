"""Benchmarks: each prints a table, and one JSON object on its last line. ``docs/performance.md`` has the figures."""
