"""The services that viber speaks."""
