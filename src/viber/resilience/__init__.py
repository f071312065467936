"""What stands between a caller and a service that may fail."""
