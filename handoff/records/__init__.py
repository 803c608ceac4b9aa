"""What must stay, and what must go: legal holds and the list of what was erased."""
