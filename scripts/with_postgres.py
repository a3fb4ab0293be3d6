"""Run a command with ``DATABASE_URL`` of a fresh PostgreSQL server, which is gone afterwards.

python scripts/with_postgres.py python -m pytest tests/crm
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "intake" / "sources"))

from servers import postgresql


def main() -> int:
    with postgresql() as url:
        environment = {**os.environ, "DATABASE_URL": url}
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
