"""2xx: initialisation."""
