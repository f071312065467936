"""What goes over the wire: prompts and settings out, parts, usage and errors in."""
