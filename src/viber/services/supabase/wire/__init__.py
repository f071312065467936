"""Requests out and answers in: credentials, endpoint, errors, and rows of a type."""
