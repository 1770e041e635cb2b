"""Credentials for whoever has a certificate in files: no cluster, no Kubernetes.

The flow, one way: flags, variables and configuration → settings → identity files → CreateSession → an SDK, by way of
a cache, the credentials file or a server on loopback.
"""
