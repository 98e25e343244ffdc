"""gradhealth-lint: a static linter for gradient health in PyTorch training code.

The package reads source with libcst and never imports or runs it, and never imports torch.
Importing it is light: the version is looked up on first use only.
"""

from __future__ import annotations

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    """Look ``__version__`` up on first use (PEP 562): importlib.metadata costs 20 ms."""
    if name == "__version__":
        from importlib.metadata import version

        return version("pytest-gradhealth")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
