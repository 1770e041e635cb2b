"""The engine: what is known, what is due, what is done about it."""
