"""What an environment costs in a month, estimated from the resources that its programs would make."""
