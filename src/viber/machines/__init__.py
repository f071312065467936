"""The deciding parts: no loop, no clock, no network; time and chance are arguments."""
