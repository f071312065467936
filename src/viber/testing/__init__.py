"""Tools for testing code that calls services."""
