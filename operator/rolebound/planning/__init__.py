"""The decisions. Pure functions of what is known and of the instant they are given."""
