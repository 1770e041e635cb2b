"""A small certificate authority: what `rolebound pki` makes, and how it reads what others made."""
