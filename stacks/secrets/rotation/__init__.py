"""What runs in AWS Lambda. It imports nothing of the stacks."""
