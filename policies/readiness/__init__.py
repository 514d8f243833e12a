"""Readiness: judges whether a machine-learning service is fit for production, and never takes unknown for yes."""

__version__ = "0.1.0"
