"""A code location that does not load."""
raise RuntimeError("broken on purpose")
