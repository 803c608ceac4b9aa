"""Learning from use: what people judged of triage, a blind weekly sample of what it let pass, and how far off it is."""
