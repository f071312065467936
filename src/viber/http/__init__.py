"""Messages, and the transports that carry them: the only room that knows an HTTP library."""
