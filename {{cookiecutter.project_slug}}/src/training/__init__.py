"""From a table to an approved bundle: ``python -m training STEP``. Serving imports nothing of this."""
