"""Kubernetes' words ⇄ the model. Pure."""
