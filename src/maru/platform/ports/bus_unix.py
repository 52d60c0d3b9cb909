"""The bus on one machine, without a broker: each reader owns a datagram socket in the folder of its topic.

``{home}/run/bus/{topic}/{pid}-{n}.sock``. A publisher sends to every socket in the folder. The socket of a reader
that died refuses, and is removed by whoever sees it first.
"""

from __future__ import annotations

import array
import errno
import hashlib
import itertools
import logging
import os
import socket
import stat
import tempfile
from pathlib import Path

from maru.platform.ports.bus import Hint, Message, Subscription, check_topic, decode, encode
from maru.platform.ports.environment import SettingsError

log = logging.getLogger(__name__)

# Address length of a unix socket: 104 bytes on BSD and macOS, 108 on Linux, less the topic and the file name.
_ROOT_LIMIT = 104 - len("/") - 32 - len("/.4194304-9999.sock") - 1
# Above this a message travels as an unlinked file whose descriptor is sent: no datagram limit applies to it.
_INLINE_LIMIT = 32 * 1024
_BUFFER = 1024 * 1024
_numbers = itertools.count(1)


def socket_root(home: Path) -> Path:
    """Folder of the topics: in the home, or, where that path is too long for a socket, in the temporary folder."""
    root = home.absolute() / "run" / "bus"
    if len(os.fsencode(root)) <= _ROOT_LIMIT:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        return root
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    root = Path(tempfile.gettempdir()) / f"maru-{os.getuid()}-{digest}"
    root.mkdir(exist_ok=True, mode=0o700)
    status = root.lstat()
    # The temporary folder is everybody's: what another user made there in advance is not trusted.
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise SettingsError("MARU_HOME", f"path too long for sockets, and {root} belongs to someone else")
    return root


class UnixBus:
    """See ``Bus``. Safe to use from several threads; survives a fork."""

    def __init__(self, home: Path) -> None:
        self._root = socket_root(home)

    def publish(self, topic: str, message: Message) -> None:
        folder = self._root / check_topic(topic)
        try:
            names = [entry.path for entry in os.scandir(folder) if entry.name.endswith(".sock")]
        except OSError:
            return
        if not names:
            return
        data = topic.encode() + b"\0" + encode(message)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            if len(data) <= _INLINE_LIMIT:
                for name in names:
                    _send(sender, name, [data], [])
                return
            with tempfile.TemporaryFile() as spilled:
                spilled.write(data)
                spilled.flush()
                rights = [
                    (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [spilled.fileno()]).tobytes())
                ]
                for name in names:
                    _send(sender, name, [b"\0"], rights)

    def subscribe(self, *topics: str) -> Subscription:
        return _UnixSubscription([self._root / check_topic(topic) for topic in topics])

    def close(self) -> None:
        """Nothing is kept open between two messages."""


def _send(sender: socket.socket, name: str, data: list[bytes], rights: list[tuple[int, int, bytes]]) -> None:
    try:
        sender.sendmsg(data, rights, 0, name)
    except BlockingIOError:
        return  # its queue is full: the reader is slow and misses this hint
    except OSError as fault:
        if fault.errno in {errno.ECONNREFUSED, errno.ENOTSOCK}:
            Path(name).unlink(missing_ok=True)
        elif fault.errno not in {errno.ENOENT, errno.ENOBUFS, errno.EMSGSIZE}:
            log.warning("bus: %s: %s", name, fault)


class _UnixSubscription(Subscription):
    def __init__(self, folders: list[Path]) -> None:
        super().__init__()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._paths: list[Path] = []
        name = f"{os.getpid()}-{next(_numbers)}"
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _sweep(folder)
        # Bound under a hidden name first: between the birth of the file and that of the socket behind it, a
        # publisher would take it for a dead one and remove it. One socket then has one name in each topic.
        hidden = folders[0] / f".{name}"
        hidden.unlink(missing_ok=True)
        self._socket.bind(str(hidden))
        for folder in folders:
            path = folder / f"{name}.sock"
            path.unlink(missing_ok=True)
            os.link(hidden, path)
            self._paths.append(path)
        hidden.unlink()

    def fileno(self) -> int:
        return self._socket.fileno()

    def _receive(self) -> list[Hint]:
        hints: list[Hint] = []
        while len(hints) < 64:
            try:
                data, descriptors, _flags, _sender = socket.recv_fds(self._socket, _INLINE_LIMIT + 1, 4)
            except (BlockingIOError, InterruptedError):
                break
            try:
                if descriptors:
                    data = os.pread(descriptors[0], os.fstat(descriptors[0]).st_size, 0)
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)
            topic, _, body = data.partition(b"\0")
            hint = decode(topic.decode("ascii", "replace"), body)
            if hint is not None:
                hints.append(hint)
        return hints

    def close(self) -> None:
        for path in self._paths:
            path.unlink(missing_ok=True)
        self._paths.clear()
        self._socket.close()


def _sweep(folder: Path) -> None:
    """Remove the sockets of dead readers: ``connect`` of a datagram socket sends nothing, and a dead one refuses."""
    for path in folder.glob("*.sock"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
            probe.setblocking(False)
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)
            except OSError:
                continue
