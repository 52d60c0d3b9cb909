"""Folders and SFTP servers: what is there, and the bytes of one file. Plain functions of an address."""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import paramiko

from maru.commons.sources.contracts import SourceFault

Listing = Sequence[tuple[str, int, float]]


@dataclass(frozen=True)
class Place:
    """Where files may be: ``home`` is the house's folder; ``host_key`` that of a simulated SFTP server."""

    home: str
    host_key: str
    timeout_s: float
    simulated: bool
    most: int


def listing(address: str, place: Place) -> Listing:
    """Name, bytes and unix time of change of each file in a folder, sorted by name."""
    if address.startswith("sftp://"):
        with _sftp(address, place) as (client, path):
            found = [
                (one.filename, int(one.st_size or 0), float(one.st_mtime or 0))
                for one in client.listdir_attr(path)
                if stat.S_ISREG(one.st_mode or 0)
            ]
    else:
        folder = local(address, place)
        try:
            # Who may put a file there may put a link there, and must not read the house's own files by it.
            plain = (one for one in folder.iterdir() if one.is_file() and not one.is_symlink())
            files = [(one.name, one.stat()) for one in plain]
        except FileNotFoundError as fault:
            raise SourceFault("not_found", f"there is no folder {folder.name}") from fault
        except OSError as fault:
            raise SourceFault("unreachable", f"folder {folder.name}: {fault.strerror}") from fault
        found = [(name, status.st_size, status.st_mtime) for name, status in files]
    return sorted(one for one in found if not one[0].startswith("."))


def read(address: str, place: Place) -> bytes:
    """The bytes of one file. Raises SourceFault: not_found, unreachable, too_large."""
    if address.startswith("sftp://"):
        with _sftp(address, place) as (client, path), client.open(path, "rb") as file:
            file.prefetch()
            return _bounded(file.read(place.most + 1), place, path)
    here = local(address, place)
    try:
        with open(here, "rb", opener=_unlinked) as opened:
            return _bounded(opened.read(place.most + 1), place, here.name)
    except FileNotFoundError as fault:
        raise SourceFault("not_found", f"there is no file {here.name}") from fault
    except OSError as fault:
        raise SourceFault("unreachable", f"file {here.name}: {fault.strerror}") from fault


def local(address: str, place: Place) -> Path:
    """A path in this machine. Relative ones lie in the home; no address leads out of it by ``..``."""
    text = unquote(urlsplit(address).path) if address.startswith("file:") else address
    path = Path(text)
    if ".." in path.parts:
        raise SourceFault("configuration", "the address of a folder holds ..")
    return path if path.is_absolute() else Path(place.home) / path


def _unlinked(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _bounded(body: bytes, place: Place, name: str) -> bytes:
    if len(body) > place.most:
        raise SourceFault("too_large", f"{name} holds more than {place.most} bytes")
    return body


@contextmanager
def _sftp(address: str, place: Place) -> Iterator[tuple[paramiko.SFTPClient, str]]:
    parts = urlsplit(address)
    client = paramiko.SSHClient()
    host, port = parts.hostname or "", parts.port or 22
    try:
        _trust(client, host, port, place)
        client.connect(
            host,
            port=port,
            username=unquote(parts.username or ""),
            password=unquote(parts.password or "") or None,
            key_filename=_identity(place),
            timeout=place.timeout_s,
            banner_timeout=place.timeout_s,
            auth_timeout=place.timeout_s,
            allow_agent=False,
            look_for_keys=False,
        )
        with client.open_sftp() as session:
            channel = session.get_channel()
            if channel is not None:
                channel.settimeout(place.timeout_s)
            yield session, unquote(parts.path) or "."
    except FileNotFoundError as fault:
        raise SourceFault("not_found", f"sftp://{host}{parts.path} is not there") from fault
    except paramiko.AuthenticationException as fault:
        raise SourceFault("refused_key", f"sftp://{host} did not accept the key") from fault
    except paramiko.BadHostKeyException as fault:
        raise SourceFault(
            "configuration", f"sftp://{host} shows another host key than known_hosts has"
        ) from fault
    except TimeoutError as fault:
        raise SourceFault("timeout", f"sftp://{host} did not answer in time") from fault
    except (paramiko.SSHException, OSError, EOFError) as fault:
        raise SourceFault("unreachable", f"sftp://{host}: {type(fault).__name__}") from fault
    finally:
        client.close()


def _trust(client: paramiko.SSHClient, host: str, port: int, place: Place) -> None:
    """Only hosts whose key is known: from the home's ``known_hosts``, or what the simulated world says of itself."""
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    if place.simulated and place.host_key:
        kind, _space, data = place.host_key.partition(" ")
        key = paramiko.PKey.from_type_string(kind, base64.b64decode(data.split()[0]))
        name = host if port == 22 else f"[{host}]:{port}"
        client.get_host_keys().add(name, kind, key)
        return
    known = Path(place.home) / "known_hosts"
    if known.is_file():
        client.load_host_keys(str(known))


def _identity(place: Place) -> str | None:
    path = Path(place.home) / "sftp_key"
    return str(path) if path.is_file() else None
