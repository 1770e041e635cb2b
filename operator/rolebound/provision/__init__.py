"""AWS's side of a set-up: what should be there, what is there, and the steps between."""
