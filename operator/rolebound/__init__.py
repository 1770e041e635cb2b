"""AWS credentials for Kubernetes pods outside AWS, through IAM Roles Anywhere.

The flow, one way: events → inventory → plan → schedule → issue → write → report.
"""

__version__ = "0.1.0"
