"""Notebooks: their code cells as one source, and a changed source back in their JSON."""
