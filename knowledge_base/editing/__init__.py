"""The editorial side of the knowledge base: versions, test questions, what citizens asked in vain, what grows stale."""
