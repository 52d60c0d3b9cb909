"""Start and stop a private PostgreSQL for the tests: ``python tests/postgres.py start|stop FOLDER``.

``start`` prints the address for MARU_DATABASE. The server listens on a free loopback port, keeps its data in the
folder, and runs as the ``postgres`` user when we are root (PostgreSQL refuses root).
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
from pathlib import Path


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        sys.exit("PostgreSQL is not installed")
    return Path(on_path).resolve().parent


def _as_server(command: list[str]) -> None:
    prefix = (
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    )
    done = subprocess.run([*prefix, *command], capture_output=True, text=True, check=False, cwd="/")
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stdout}{done.stderr}")


def start(folder: Path) -> str:
    """Make the cluster, start it, return its address."""
    binaries = _binaries()
    data = folder / "pg"
    data.mkdir(parents=True)
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        folder.chmod(0o755)
        os.chown(data, user.pw_uid, user.pw_gid)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    _as_server(
        [
            str(binaries / "initdb"),
            "-D",
            str(data),
            "-U",
            "maru",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ]
    )
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data} -c fsync=off -c max_connections=60"
    _as_server(
        [
            str(binaries / "pg_ctl"),
            "-D",
            str(data),
            "-l",
            str(data / "log"),
            "-w",
            "-t",
            "60",
            "-o",
            options,
            "start",
        ]
    )
    return f"postgres://maru@127.0.0.1:{port}/postgres"


def stop(folder: Path) -> None:
    """Stop it at once; the data is thrown away."""
    _as_server([str(_binaries() / "pg_ctl"), "-D", str(folder / "pg"), "-m", "immediate", "stop"])


if __name__ == "__main__":
    action, place = sys.argv[1], Path(sys.argv[2]).absolute()
    if action == "start":
        print(start(place))
    else:
        stop(place)
