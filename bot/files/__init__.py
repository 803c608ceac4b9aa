"""Files on their way: fetched from platforms, drawn anew, expired, given out by links."""
