"""The running service: loads an approved bundle and answers predictions. Imports nothing of training."""
