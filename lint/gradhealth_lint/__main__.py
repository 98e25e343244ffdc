"""``python -m gradhealth_lint`` is ``gradhealth-lint``."""

from __future__ import annotations

from gradhealth_lint.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
