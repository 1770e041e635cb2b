"""The edge to kopf: parse, delegate."""
