"""Python functions as tools of the model."""
