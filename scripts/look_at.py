"""Wait until a CRM answers, and see that its sign-in page and what that page needs are there.

python scripts/look_at.py http://127.0.0.1:8000
"""

from __future__ import annotations

import re
import sys
import time
import urllib.error
import urllib.request

_SECONDS = 600


def main(url: str) -> int:
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            page = _get(f"{url}/account/login/").decode()
            break
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > deadline:
                print(f"{url} does not answer")
                return 1
            time.sleep(0.5)
    files = sorted(set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page)))
    if not any(name.endswith(".css") for name in files) or not any(name.endswith(".js") for name in files):
        print(f"the sign-in page names no style or no script: {files}")
        return 1
    for name in files:
        if not _get(url + name):
            print(f"{name} is empty")
            return 1
    print(f"{url} serves its sign-in page and {len(files)} files")
    return 0


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
        return answer.read()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
