"""An SFTP server whose files are made when they are read."""

from __future__ import annotations

import logging
import secrets
import socket
import stat
import threading
import time
from pathlib import Path

import paramiko

from maru.simulator.outside.ledger import Ledger, World
from maru.simulator.outside.servers.drops import Drop, content, drops, size_of

USER = "maru"
_AUTH_TRIES = 30.0
# A caller who hangs up is nothing to tell the terminal of whoever runs the demonstration.
logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)


class SftpServer:
    """Listens in threads. ``address`` and ``host_key`` are what a client needs."""

    def __init__(self, world: World, home: Path) -> None:
        self.world = world
        self.password = _kept(home / "sftp_password", lambda: secrets.token_hex(8))
        key_path = home / "sftp_host_key"
        if not key_path.exists():
            paramiko.ECDSAKey.generate().write_private_key_file(str(key_path))
        self.key = paramiko.ECDSAKey(filename=str(key_path))
        self._socket = socket.socket()
        self.port = 0

    @property
    def host_key(self) -> str:
        """As in known_hosts."""
        return f"{self.key.get_name()} {self.key.get_base64()}"

    @property
    def address(self) -> str:
        """With user and password."""
        return f"sftp://{USER}:{self.password}@127.0.0.1:{self.port}"

    def start(self, host: str, port: int) -> int:
        """Listen; gives the port."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, port))
        self._socket.listen(16)
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._accept, name="sftp", daemon=True).start()
        return self.port

    def stop(self) -> None:
        """Hang up."""
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), name="sftp-client", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        transport = paramiko.Transport(client)
        transport.add_server_key(self.key)
        transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, self.world)
        try:
            transport.start_server(server=_Door(self.password))
        except (paramiko.SSHException, EOFError, OSError):
            transport.close()


def _kept(path: Path, make: object) -> str:
    if not path.exists():
        path.write_text(str(make() if callable(make) else make))
        path.chmod(0o600)
    return path.read_text().strip()


class _Door(paramiko.ServerInterface):  # type: ignore[misc]  # paramiko has no types
    def __init__(self, password: str) -> None:
        self.password = password

    def check_auth_password(self, username: str, password: str) -> int:
        right = username == USER and secrets.compare_digest(password, self.password)
        return paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return (
            paramiko.OPEN_SUCCEEDED if kind == "session" else paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        )


class _Files(paramiko.SFTPServerInterface):  # type: ignore[misc]  # paramiko has no types
    def __init__(self, server: paramiko.ServerInterface, world: World) -> None:
        super().__init__(server)
        self.world = world

    def _find(self, path: str) -> tuple[Ledger | None, str]:
        parts = [one for one in path.split("/") if one not in ("", ".")]
        ledger = self.world.ledgers.get(parts[0]) if parts else None
        if ledger is None or ledger.system.kit != "folder" or not ledger.system.address.startswith("sftp:"):
            return None, ""
        folder = ledger.system.address.split("/", 3)[3]
        rest = "/".join(parts[1:])
        return ledger, rest.removeprefix(folder).strip("/") if rest.startswith(folder) else "\0"

    def _troubled(self, ledger: Ledger) -> bool:
        ledger.requests += 1
        if ledger.faults.slow_s:
            time.sleep(ledger.faults.slow_s)
        if ledger.faults.plug:
            ledger.errors += 1
        return ledger.faults.plug

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        """Files of a system's folder; one more that is still being uploaded."""
        ledger, rest = self._find(path)
        if ledger is None or rest:
            return int(paramiko.SFTP_NO_SUCH_FILE)
        if self._troubled(ledger):
            return int(paramiko.SFTP_FAILURE)
        found = [
            _attributes(one.name, size_of(ledger, one), one.changed) for one in drops(ledger, time.time())
        ]
        if found and "partial_upload" in ledger.system.traps:
            found.append(_attributes(f"{found[-1].filename}.part", 77, time.time()))
        return found

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        """A file's size, or that a folder is one."""
        ledger, rest = self._find(path)
        if ledger is None:
            return int(paramiko.SFTP_NO_SUCH_FILE)
        if not rest:
            found = _attributes("", 0, time.time())
            found.st_mode = stat.S_IFDIR | 0o555
            return found
        drop = _named(ledger, rest)
        return (
            int(paramiko.SFTP_NO_SUCH_FILE)
            if drop is None
            else _attributes(drop.name, size_of(ledger, drop), drop.changed)
        )

    lstat = stat

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        """A file for reading."""
        ledger, rest = self._find(path)
        drop = _named(ledger, rest) if ledger is not None else None
        if ledger is None or drop is None:
            return int(paramiko.SFTP_NO_SUCH_FILE)
        if self._troubled(ledger):
            return int(paramiko.SFTP_FAILURE)
        return _Reading(ledger, drop, content(ledger, drop))


class _Reading(paramiko.SFTPHandle):  # type: ignore[misc]  # paramiko has no types
    def __init__(self, ledger: Ledger, drop: Drop, body: bytes) -> None:
        super().__init__()
        self.ledger, self.drop, self.body = ledger, drop, body

    def stat(self) -> paramiko.SFTPAttributes:
        return _attributes(self.drop.name, len(self.body), self.drop.changed)

    def read(self, offset: int, length: int) -> bytes | int:
        if offset + length >= len(self.body):
            self.ledger.hand_out(self.drop.first, self.drop.end)
        return self.body[offset : offset + length] if offset < len(self.body) else int(paramiko.SFTP_EOF)


def _named(ledger: Ledger, name: str) -> Drop | None:
    return next((one for one in drops(ledger, time.time()) if one.name == name), None)


def _attributes(name: str, size: int, changed: float) -> paramiko.SFTPAttributes:
    found = paramiko.SFTPAttributes()
    found.filename, found.st_size, found.st_mode = name, size, stat.S_IFREG | 0o444
    found.st_uid = found.st_gid = 0
    found.st_atime = found.st_mtime = int(changed)
    return found
