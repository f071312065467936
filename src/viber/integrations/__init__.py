"""What joins viber to the tools around it; each module needs the extra of its name, and is imported by it."""
