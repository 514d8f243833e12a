"""The project airworthy-secrets: the services' keys and passwords, and how they get to the cluster."""
