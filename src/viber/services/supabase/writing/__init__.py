"""Inserts, updates and deletes: what is sent, what comes back, and how a repeat stays safe."""
