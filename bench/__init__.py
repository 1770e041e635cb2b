"""`make bench`: what a session costs the operator, how long a pod waits for its Secret, what a sidecar takes.

Each prints a table with the goal beside the number. Nothing here fails for being slow: a number depends on the machine.
"""
