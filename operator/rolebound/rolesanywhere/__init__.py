"""IAM Roles Anywhere's CreateSession, through botocore. Knows no Kubernetes."""
