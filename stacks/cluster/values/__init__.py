"""What the charts of the controllers are told: all that differs from their own values."""
