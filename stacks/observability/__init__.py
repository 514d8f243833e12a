"""Metrics, logs, traces, and who is told when something is wrong."""
