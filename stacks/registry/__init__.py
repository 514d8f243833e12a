"""Images and models: where a release comes from."""
