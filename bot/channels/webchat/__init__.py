"""The web chat: its own page and the routes that any other page may use."""
