"""Access tokens, and Vertex AI."""
