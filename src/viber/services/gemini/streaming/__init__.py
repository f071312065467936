"""Answers in pieces, and what is put together from them."""
