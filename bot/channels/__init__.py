"""One folder for each way in which a citizen can reach us."""
