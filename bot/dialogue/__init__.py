"""Dialogue: Rasa's components, channel and tracker store, and the client and supervision on the application's side."""
