"""3xx: the training loop."""
