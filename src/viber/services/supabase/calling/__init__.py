"""Functions of the database, called by name."""
