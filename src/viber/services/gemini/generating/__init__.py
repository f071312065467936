"""A question and its answer: whole, as an object, with tools called in between."""
