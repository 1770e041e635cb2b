"""Kubernetes I/O: reads and writes, decides nothing."""
