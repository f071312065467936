"""Conversations: what was said, and how much of it goes along."""
