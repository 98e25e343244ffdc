"""5xx: the autograd graph."""
