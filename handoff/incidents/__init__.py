"""Incidents: what many people suffer at once in one place, with one page, one list of people and one statement to all."""
