"""Selects: what is asked for, in what order and form, and walks over all of it."""
