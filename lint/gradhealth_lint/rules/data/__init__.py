"""Rules about what goes into a network."""
