"""What each chart is told: all that differs from its own values."""
