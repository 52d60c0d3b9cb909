"""Where the outside world is: the real one, or a simulated one (MARU_OUTSIDE) that answers for every address.

A simulated world answers http(s) at ``{outside}/{source}/{path?query}``; for other schemes its ``outside.json`` says
where its SFTP server, MQTT broker, folder and databases are.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx

from maru.commons.sources.contracts import SourceFault

_FRESH_S = 30.0


class Outside:
    """Turns declared addresses into those that are asked."""

    def __init__(self, address: str = "") -> None:
        self.address = address.rstrip("/")
        self._lock = threading.Lock()
        self._places: dict[str, Any] = {}
        self._read_at = -_FRESH_S

    @property
    def simulated(self) -> bool:
        """Whether a simulated world answers."""
        return bool(self.address)

    def resolve(self, source: str, address: str) -> str:
        """The address to ask. Raises SourceFault(unreachable) if the simulated world does not say where it is."""
        if not self.simulated:
            return address
        if address.startswith(("mqtt://", "mqtts://")):
            # A topic may hold # and +, which are no fragment here.
            topic = address.partition("://")[2].partition("/")[2]
            return f"{self._place('mqtt')}/{source}/{topic}"
        parts = urlsplit(address)
        if parts.scheme in {"http", "https"}:
            path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
            return f"{self.address}/{source}{path}"
        path = parts.path.lstrip("/")
        if parts.scheme == "file":
            path = unquote(path)  # what becomes a plain path is not decoded again
        elif not parts.scheme:
            path = address.lstrip("/")  # in a plain path # and ? are letters like others
        if parts.scheme == "sftp":
            return f"{self._place('sftp')}/{source}/{path}"
        if "sql" in parts.scheme or parts.scheme in {"mariadb", "oracle", "mssql"}:
            return f"sqlite:///{self._place('sql').rstrip('/')}/{source}.sqlite3"
        return f"{self._place('folder').rstrip('/')}/{source}/{path}"

    def sftp_host_key(self) -> str:
        """The simulated SFTP server's key; "" in the real world, where the home's ``known_hosts`` counts."""
        return str(self.places().get("sftp_host_key", "")) if self.simulated else ""

    def places(self) -> Mapping[str, Any]:
        """What ``outside.json`` says; asked again every half minute, for the simulated world may have moved."""
        with self._lock:
            if time.monotonic() - self._read_at > _FRESH_S or not self._places:
                try:
                    answer = httpx.get(f"{self.address}/outside.json", timeout=5.0)
                    self._places = dict(answer.raise_for_status().json())
                except (httpx.HTTPError, json.JSONDecodeError, TypeError, ValueError) as fault:
                    raise SourceFault(
                        "unreachable", f"the simulated world does not answer: {type(fault).__name__}"
                    ) from fault
                self._read_at = time.monotonic()
            return self._places

    def _place(self, name: str) -> str:
        found = self.places().get(name)
        if not found:
            raise SourceFault("unreachable", f"the simulated world has no {name}")
        return str(found).rstrip("/")
