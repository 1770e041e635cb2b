"""Credentials over loopback, for any AWS SDK: the container-credentials protocol and the sidecar that serves it.

One process of this runs in each pod with `delivery.type: Endpoint`, so it is the standard library alone, and little of
that. `protocol` decides, `server` carries bytes, `files` reads what the kubelet mounts, `sidecar` puts them together.
"""
