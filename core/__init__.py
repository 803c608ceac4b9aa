"""Domain-free foundations: settings, database, events, crypto, errors, clock, logging."""
