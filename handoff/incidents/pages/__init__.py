"""The pages of incidents: the list with what may be one, and one page for each."""
