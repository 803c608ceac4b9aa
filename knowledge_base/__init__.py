"""What an authority has published: notices by date, search, extractive answers, missions, and the approved cards for danger."""
