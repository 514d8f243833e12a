"""Checkov loads checks from folders that are packages."""
