"""Runs the stacks in order with the Pulumi CLI that the user has: ``python -m stacks VERB ENV [STACK…]``."""
