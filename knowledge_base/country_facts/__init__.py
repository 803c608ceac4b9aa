"""What the ministry says of each country, as rows with a source and a date: alarm levels, entry rules, missions, local contacts."""
