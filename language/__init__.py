"""Understanding of what a citizen wrote: pure functions and models, importing nothing else of this project."""
