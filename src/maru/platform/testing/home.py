"""One home for the whole test run, never the developer's own.

Loaded by ``-p maru.platform.testing.home`` before pytest-django reads the settings; a conftest would come too late, and every run
would share the home, and the test database, of the folder it was started in.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_home = Path(os.environ.get("MARU_HOME") or tempfile.mkdtemp(prefix="maru-tests-"))
os.environ["MARU_HOME"] = str(_home)
os.environ.setdefault("MARU_SECRET", "only-for-tests-" + "0" * 32)
os.environ.setdefault("MARU_CACHE", "memory")
for _name in ("MARU_DEMO", "MARU_URL", "MARU_STREAM_URL", "MARU_OIDC_ISSUER"):
    os.environ.pop(_name, None)
_home.mkdir(parents=True, exist_ok=True)
