"""The citizen's side: channels, turns, dialogue."""
