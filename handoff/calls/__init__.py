"""Free calls: voice between the web chat's page and an agent's desk. What is said goes from browser to browser; nothing of it is kept."""
