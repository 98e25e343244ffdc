"""1xx: depth and activations."""
