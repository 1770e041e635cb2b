"""Real programs with real SDKs, each reading the credentials of a real pod while they expire and are renewed.

What comes out is a verdict for each program and delivery: `make sdk-matrix` prints it and writes the reference page.
"""
