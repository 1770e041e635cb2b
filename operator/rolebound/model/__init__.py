"""The nouns. Pure, frozen, and without a secret in any repr."""
