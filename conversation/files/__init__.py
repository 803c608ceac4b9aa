"""Files that citizens and agents send: kept sealed in the database, shown with a record of each look, expired."""
