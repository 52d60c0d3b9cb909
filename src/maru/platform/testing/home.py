"""A home of its own for each test run, never the developer's own, gone when the run ends.

Loaded by ``-p maru.platform.testing.home`` before pytest-django reads the settings; a conftest would come too late.
Two runs must never share a home, also where MARU_HOME names one: each begins by deleting the test database, and SQLite
answers the run from under which it was taken with "disk I/O error".
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def _remove(home: Path, owner: int) -> None:
    # A forked child runs the same handlers when it ends; the home is not its to remove.
    if os.getpid() == owner:
        shutil.rmtree(home, ignore_errors=True)


_above = os.environ.get("MARU_HOME")
if _above:
    Path(_above).mkdir(parents=True, exist_ok=True)
_home = Path(tempfile.mkdtemp(prefix="maru-tests-", dir=_above)).absolute()
atexit.register(_remove, _home, os.getpid())
os.environ["MARU_HOME"] = str(_home)
os.environ.setdefault("MARU_SECRET", "only-for-tests-" + "0" * 32)
os.environ.setdefault("MARU_CACHE", "memory")
for _name in ("MARU_DEMO", "MARU_URL", "MARU_STREAM_URL", "MARU_OIDC_ISSUER"):
    os.environ.pop(_name, None)
