"""What a user would otherwise run: Rasa with its default pipeline and policies and one custom action. Runs in Rasa's environment."""
