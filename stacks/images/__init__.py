"""The images of others that our files name."""
