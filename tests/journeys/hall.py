"""A real house for a journey: pages, stream and worker as processes over a home of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MARU = (sys.executable, "-m", "maru.project.cli")
_PATIENCE_S = 60.0

_SEED = """
import json, django
django.setup()
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from maru.commons.people import operations as people
from maru.services.live.operations import broadcasts
keys = {}
for role in ("producer", "moderator"):
    person = people.create_person(email=f"{role}@example.org", nickname=role, by=None)
    people.grant_role(person=person, role=role, by=None)
    session = SessionStore()
    session["_auth_user_id"] = str(person.pk)
    session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    session["_auth_user_hash"] = person.get_session_auth_hash()
    session.save()
    keys[role] = session.session_key
made = broadcasts.create_broadcast(slug="town-hall", by=None, backup=True, titles={"en": "Town hall", "ko": "시민과의 대화"})
broadcasts.start_broadcast(broadcast=made, by=None)
print(json.dumps(keys))
"""


@dataclass
class Hall:
    """One running house. ``sessions`` maps a role to the session of a person who holds it."""

    home: Path
    port: int
    stream_port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the pages are, without a final slash."""
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        """Prepare the home, plant one broadcast on air and two people of the staff, start the processes."""
        self._run(*MARU, "prepare", "--home", str(self.home))
        self.sessions = json.loads(self._run(sys.executable, "-c", _SEED).splitlines()[-1])
        for part in ("stream", "worker", "web"):
            self.start(part)
        self.wait(f"{self.url}/live/")

    def start(self, part: str) -> None:
        """Start one process of the house and, for the stream, wait until it listens."""
        log = (self.home / f"{part}.log").open("ab")
        self.processes[part] = subprocess.Popen(
            [*MARU, part, "--home", str(self.home)], env=self._environment(), stdout=log, stderr=log
        )
        if part == "stream":
            self.wait(f"http://127.0.0.1:{self.stream_port}/health")

    def stop(self, part: str) -> None:
        """Stop one process as its supervisor would."""
        process = self.processes.pop(part)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)

    def close(self) -> None:
        """Stop everything."""
        for part in list(self.processes):
            self.stop(part)

    def run(self, code: str) -> str:
        """Run lines of Python inside the house, as a command of an operator."""
        return self._run(sys.executable, "-c", f"import django\ndjango.setup()\n{code}")

    def wait(self, url: str) -> None:
        """Until ``url`` answers 200."""
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                with urllib.request.urlopen(url, timeout=10) as answer:  # our own address
                    if answer.status == 200:
                        return
            except OSError as reason:
                if time.monotonic() > until:
                    logs = "\n".join(path.read_text()[-2000:] for path in sorted(self.home.glob("*.log")))
                    raise AssertionError(f"{url} does not answer: {reason}\n{logs}") from reason
            time.sleep(0.1)

    def cookie(self, role: str) -> Any:
        """The cookie that signs a browser in as someone with ``role``."""
        return {"name": "sessionid", "value": self.sessions[role], "url": self.url}

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            command, env=self._environment(), capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "MARU_HOME": str(self.home),
            "MARU_PORT": str(self.port),
            "MARU_STREAM_PORT": str(self.stream_port),
            "MARU_DATABASE": "sqlite",
            "MARU_BUS": "unix",
            "MARU_CACHE": "memory",
            "MARU_STAFF_MFA": "optional",
            "DJANGO_SETTINGS_MODULE": "maru.project.settings",
        }


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
