"""Drills: synthetic emergencies that come in like a citizen's, are taken like a citizen's, and are timed from end to end."""
