"""The supervisors' board: what its figures mean, where they are read, what more or fewer people would change, and the page."""
