"""Cases and the queue: claiming, handing back, closing, and the place of a person in danger."""
