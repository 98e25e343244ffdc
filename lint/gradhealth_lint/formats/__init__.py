"""How results are written; the only place with layout."""
