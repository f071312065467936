"""What may be used, what was, and what it cost."""
