"""Cases of people who ring instead of writing: the call, what the caller says of a place, and the six digits that open the location page."""
