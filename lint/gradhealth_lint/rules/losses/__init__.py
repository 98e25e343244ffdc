"""4xx: loss wiring and numerics."""
