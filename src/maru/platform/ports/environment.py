"""Every setting of the house comes from the environment, is checked once at start, and has a default for a laptop.

The table SETTINGS is the documentation: ``docs/reference/settings.md`` is generated from it.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsError(Exception):
    """A setting has a value that cannot be used. ``name`` is the variable, ``reason`` says what is wrong."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


SETTINGS: dict[str, tuple[str, str]] = {
    "MARU_HOME": ("./var", "Folder of this house: database, media, journals, secret."),
    "MARU_BIND": ("127.0.0.1", "Address that web, stream and inputs listen on; 0.0.0.0 for a network."),
    "MARU_PORT": ("8000", "Port of the web pages."),
    "MARU_STREAM_PORT": ("MARU_PORT + 1", "Port of the event stream."),
    "MARU_STREAM_URL": (
        "",
        "Public address of the event stream; empty: the page's own host and MARU_STREAM_PORT.",
    ),
    "MARU_STREAM_PROCESSES": ("1", "How many processes share the event stream's port."),
    "MARU_URL": (
        "",
        "Public address of the house, for links in mails and feeds; empty: that of the request.",
    ),
    "MARU_HOSTS": ("*", "Host names served, separated by commas."),
    "MARU_RTMP_PORT": ("1935", "Port for RTMP encoders."),
    "MARU_SRT_PORTS": ("9000-9099", "Ports for SRT encoders, one for each input."),
    "MARU_ENCODER_HOST": ("127.0.0.1", "Host name printed in the encoders' addresses."),
    "MARU_DATABASE": ("sqlite", "sqlite, or postgres://user:password@host:port/name."),
    "MARU_BUS": ("unix", "unix, or redis://host:port/number."),
    "MARU_CACHE": ("memory", "memory, or redis://host:port/number."),
    "MARU_TASKS": ("database", "database: the queue of background tasks."),
    "MARU_MEDIA": ("MARU_HOME/media", "Folder of segments, playlists, files."),
    "MARU_LAKE": ("MARU_HOME/lake", "Folder of the lake: the Parquet files of every source and dataset."),
    "MARU_SEARCH": (
        "database",
        "database: the index of words lives in MARU_DATABASE (SQLite FTS5, PostgreSQL).",
    ),
    "MARU_OUTSIDE": (
        "",
        "Address of a simulated outside world; the sources are then read from it instead of their own addresses.",
    ),
    "MARU_SECRET": (
        "MARU_HOME/secret",
        "Secret that signs sessions; by default made once and kept in the home.",
    ),
    "MARU_PASSWORD": (
        "",
        "Password for `maru person create`, where it should stand in no list of processes.",
    ),
    "MARU_DEBUG": ("0", "1 shows faults in the browser. Never on the open network."),
    "MARU_DEMO": ("0", "1 marks a demonstration: demo accounts are shown on the sign-in page."),
    "MARU_DEMO_RECORDS": (
        "300000",
        "How many records of history the demonstration's 290 sources have in all; 16000000 as the real city had.",
    ),
    "MARU_HTTPS": ("0", "1 when the house stands behind TLS: secure cookies, HSTS."),
    "MARU_STAFF_MFA": ("required", "required, or optional: whether staff need a second factor."),
    "MARU_MAIL": (
        "file",
        "file (mails are written to MARU_HOME/mail), console, or smtp://user:password@host:port.",
    ),
    "MARU_OIDC_NAME": ("", "Name of an OpenID Connect provider, as the sign-in button shows it."),
    "MARU_OIDC_ISSUER": ("", "Its issuer address."),
    "MARU_OIDC_CLIENT": ("", "Client id."),
    "MARU_OIDC_SECRET": ("", "Client secret."),
    "MARU_PROXIES": ("0", "How many trusted proxies stand before the house (for the sender's address)."),
    "MARU_LIMITS_EXEMPT": (
        "",
        "Networks where a whole hall shares one address (its own Wi-Fi), such as 192.0.2.0/24, separated by commas: there limits count persons and devices, and by address only who has no device yet.",
    ),
    "MARU_DISK_RESERVE_MB": ("512", "Free megabytes below which the broadcast raises the disk alarm."),
    "MARU_FFMPEG": ("the imageio-ffmpeg wheel's", "Path of another ffmpeg."),
}


@dataclass(frozen=True)
class Environment:
    """The checked settings. Paths are absolute; ports are 1 to 65535."""

    home: Path
    media: Path
    lake: Path
    secret: str
    bind: str = "127.0.0.1"
    port: int = 8000
    stream_port: int = 8001
    stream_url: str = ""
    stream_processes: int = 1
    public_url: str = ""
    hosts: tuple[str, ...] = ("*",)
    rtmp_port: int = 1935
    srt_ports: tuple[int, int] = (9000, 9099)
    encoder_host: str = "127.0.0.1"
    database: str = "sqlite"
    bus: str = "unix"
    cache: str = "memory"
    tasks: str = "database"
    search: str = "database"
    outside: str = ""
    debug: bool = False
    demo: bool = False
    demo_records: int = 300_000
    https: bool = False
    staff_mfa: str = "required"
    mail: str = "file"
    oidc_name: str = ""
    oidc_issuer: str = ""
    oidc_client: str = ""
    oidc_secret: str = ""
    proxies: int = 0
    limits_exempt: tuple[Network, ...] = ()
    disk_reserve_mb: int = 512
    ffmpeg: str = "ffmpeg"

    @property
    def run(self) -> Path:
        """Folder of sockets and heartbeats."""
        return self.home / "run"


def _number(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environ.get(name, "").strip()
    if not text:
        return default
    try:
        value = int(text)
    except ValueError:
        raise SettingsError(name, f"{text!r} is not a whole number") from None
    if not low <= value <= high:
        raise SettingsError(name, f"{value} is not between {low} and {high}")
    return value


def _flag(environ: Mapping[str, str], name: str) -> bool:
    text = environ.get(name, "0").strip().lower()
    if text not in {"", "0", "1", "true", "false", "yes", "no"}:
        raise SettingsError(name, f"{text!r} is neither 0 nor 1")
    return text in {"1", "true", "yes"}


def _choice(environ: Mapping[str, str], name: str, default: str, words: set[str], schemes: set[str]) -> str:
    text = environ.get(name, "").strip() or default
    if text in words:
        return text
    parts = urlsplit(text)
    if parts.scheme in schemes and parts.hostname:
        return text
    allowed = ", ".join(sorted(words) + [f"{scheme}://…" for scheme in sorted(schemes)])
    raise SettingsError(name, f"{text.split('@')[-1]!r} is none of: {allowed}")


def _address(environ: Mapping[str, str], name: str) -> str:
    text = environ.get(name, "").strip().rstrip("/")
    if text and (urlsplit(text).scheme not in {"http", "https"} or not urlsplit(text).netloc):
        raise SettingsError(name, f"{text!r} is not an http or https address")
    return text


def _port_range(environ: Mapping[str, str], name: str) -> tuple[int, int]:
    text = environ.get(name, "").strip() or "9000-9099"
    first, dash, last = text.partition("-")
    if not (dash and first.isdigit() and last.isdigit() and 0 < int(first) <= int(last) <= 65535):
        raise SettingsError(name, f"{text!r} is not a range such as 9000-9099")
    return int(first), int(last)


def _networks(environ: Mapping[str, str], name: str) -> tuple[Network, ...]:
    found: list[Network] = []
    for text in filter(None, (one.strip() for one in environ.get(name, "").split(","))):
        try:
            found.append(ipaddress.ip_network(text))
        except ValueError:
            raise SettingsError(name, f"{text!r} is no address and no network such as 192.0.2.0/24") from None
    return tuple(found)


def _secret(environ: Mapping[str, str], home: Path) -> str:
    given = environ.get("MARU_SECRET", "").strip()
    if given:
        if len(given) < 32:
            raise SettingsError("MARU_SECRET", "shorter than 32 characters")
        return given
    path = home / "secret"
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            # Linked into place, so that of two processes that start together one wins and both read the same.
            draft = home / f".secret-{os.getpid()}"
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(48))
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return path.read_text().strip()
    except OSError as fault:
        raise SettingsError("MARU_HOME", f"cannot be written: {fault}") from fault


def _ffmpeg(environ: Mapping[str, str]) -> str:
    given = environ.get("MARU_FFMPEG", "").strip()
    if given:
        if not Path(given).is_file():
            raise SettingsError("MARU_FFMPEG", f"{given!r} is no file")
        return given
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def load(environ: Mapping[str, str] | None = None) -> Environment:
    """Read and check every setting; raise SettingsError for the first that cannot be used."""
    environ = os.environ if environ is None else environ
    unknown = sorted(name for name in environ if name.startswith("MARU_") and name not in SETTINGS)
    if unknown:
        raise SettingsError(unknown[0], "no such setting; see docs/reference/settings.md")
    home = Path(environ.get("MARU_HOME", "").strip() or "var").expanduser().absolute()
    port = _number(environ, "MARU_PORT", 8000, 1, 65534)
    staff_mfa = environ.get("MARU_STAFF_MFA", "").strip() or "required"
    if staff_mfa not in {"required", "optional"}:
        raise SettingsError("MARU_STAFF_MFA", f"{staff_mfa!r} is neither required nor optional")
    issuer = _address(environ, "MARU_OIDC_ISSUER")
    if issuer and not environ.get("MARU_OIDC_CLIENT", "").strip():
        raise SettingsError("MARU_OIDC_CLIENT", "needed when MARU_OIDC_ISSUER is set")
    return Environment(
        home=home,
        media=Path(environ.get("MARU_MEDIA", "").strip() or home / "media").expanduser().absolute(),
        lake=Path(environ.get("MARU_LAKE", "").strip() or home / "lake").expanduser().absolute(),
        secret=_secret(environ, home),
        bind=environ.get("MARU_BIND", "").strip() or "127.0.0.1",
        port=port,
        stream_port=_number(environ, "MARU_STREAM_PORT", port + 1, 1, 65535),
        stream_url=_address(environ, "MARU_STREAM_URL"),
        stream_processes=_number(environ, "MARU_STREAM_PROCESSES", 1, 1, 64),
        public_url=_address(environ, "MARU_URL"),
        hosts=tuple(host.strip() for host in environ.get("MARU_HOSTS", "*").split(",") if host.strip())
        or ("*",),
        rtmp_port=_number(environ, "MARU_RTMP_PORT", 1935, 1, 65535),
        srt_ports=_port_range(environ, "MARU_SRT_PORTS"),
        encoder_host=environ.get("MARU_ENCODER_HOST", "").strip() or "127.0.0.1",
        database=_choice(environ, "MARU_DATABASE", "sqlite", {"sqlite"}, {"postgres", "postgresql"}),
        bus=_choice(environ, "MARU_BUS", "unix", {"unix"}, {"redis", "rediss"}),
        cache=_choice(environ, "MARU_CACHE", "memory", {"memory"}, {"redis", "rediss"}),
        tasks=_choice(environ, "MARU_TASKS", "database", {"database"}, set()),
        search=_choice(environ, "MARU_SEARCH", "database", {"database"}, set()),
        outside=_address(environ, "MARU_OUTSIDE"),
        debug=_flag(environ, "MARU_DEBUG"),
        demo=_flag(environ, "MARU_DEMO"),
        demo_records=_number(environ, "MARU_DEMO_RECORDS", 300_000, 1000, 100_000_000),
        https=_flag(environ, "MARU_HTTPS"),
        staff_mfa=staff_mfa,
        mail=_choice(environ, "MARU_MAIL", "file", {"file", "console"}, {"smtp", "smtps"}),
        oidc_name=environ.get("MARU_OIDC_NAME", "").strip(),
        oidc_issuer=issuer,
        oidc_client=environ.get("MARU_OIDC_CLIENT", "").strip(),
        oidc_secret=environ.get("MARU_OIDC_SECRET", "").strip(),
        proxies=_number(environ, "MARU_PROXIES", 0, 0, 9),
        limits_exempt=_networks(environ, "MARU_LIMITS_EXEMPT"),
        disk_reserve_mb=_number(environ, "MARU_DISK_RESERVE_MB", 512, 0, 1_000_000),
        ffmpeg=_ffmpeg(environ),
    )
