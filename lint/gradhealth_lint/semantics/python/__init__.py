"""The abstract interpreter: how Python's statements, expressions and builtins run."""
