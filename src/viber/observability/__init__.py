"""What can be seen of a call."""
