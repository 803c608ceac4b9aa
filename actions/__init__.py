"""What Rasa calls us for: thin, read-only, typed answers. Whatever has an effect is done by the turn that asked."""
