"""Opening the house: prepare the home, plant what is missing, then hand over to the supervisor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from maru.platform.ports.environment import Environment
from maru.project.supervisor import Supervisor, commands, write_pid


def prepare(environment: Environment, *, demo: bool) -> None:
    """Make or update the home: tables, the city, and in a demonstration its people and broadcasts. Idempotent."""
    from django.core.management import call_command

    from maru.project.planting import plant
    from maru.project.translations import catalogues, compile_all

    for folder in (environment.home, environment.media, environment.run):
        folder.mkdir(parents=True, exist_ok=True)
    if any(not path.with_suffix(".mo").exists() for path in catalogues()):
        compile_all()
    call_command("migrate", interactive=False, verbosity=0)
    plant(environment, demo=demo)


def open_house(environment: Environment, *, demo: bool) -> int:
    """``maru serve``: prepare in a process of its own (Django stays out of the supervisor), then supervise."""
    if demo and not environment.outside:
        # The demonstration's 290 systems live beside the house; every process must know where.
        os.environ["MARU_OUTSIDE"] = f"http://127.0.0.1:{environment.stream_port + 1}"
    words = [sys.executable, "-m", "maru.project.cli", "prepare", *(["--demo"] if demo else [])]
    if subprocess.run(words, check=False).returncode != 0:
        print("maru: the home could not be prepared; the reason stands above", file=sys.stderr)
        return 1
    extra = _outside_world(environment) if demo else {}
    supervisor = Supervisor(commands(extra), os.environ)
    write_pid(environment.home)
    return supervisor.run(ready=lambda: _announce(environment, demo=demo))


def _outside_world(environment: Environment) -> dict[str, list[str]]:
    """The simulated encoders and citizens, from what planting has left in the home, and the 290 outside systems."""
    note = environment.home / "demo.json"
    words = {"demo": [sys.executable, "-m", "maru.simulator.demo", str(note)]} if note.exists() else {}
    if not environment.outside:
        words["outside"] = [
            *(sys.executable, "-m", "maru.simulator.outside"),
            *("--port", str(environment.stream_port + 1)),
            *("--home", str(environment.home / "outside")),
            *("--house", f"http://127.0.0.1:{environment.port}"),
            *("--records", str(environment.demo_records)),
        ]
    return words


def _announce(environment: Environment, *, demo: bool) -> None:
    host = "127.0.0.1" if environment.bind in {"127.0.0.1", "0.0.0.0", "::"} else environment.bind  # noqa: S104
    lines = [f"Maru is open: http://{host}:{environment.port}/"]
    note = environment.home / "demo.json"
    if demo and note.exists():
        lines += _accounts(note)
    if demo:
        lines.append(f"Open data:    http://{host}:{environment.port}/data/")
        lines.append(f"290 sources:  http://{host}:{environment.port}/sources/")
        # Set by open_house, unless the operator brought an outside world of their own.
        lines.append(f"Pull a plug:  {os.environ.get('MARU_OUTSIDE', environment.outside)}/")
    print("\n".join(lines), flush=True)


def _accounts(note: Path) -> list[str]:
    demo = json.loads(note.read_text())
    lines = [f"On air now:   {demo['page']}", f"Studio:       {demo['studio']}"]
    lines += [f"Push here:    {one['name']}  {one['rtmp']}" for one in demo.get("push", [])]
    lines.append("Demo accounts (password for all: " + demo["password"] + ")")
    lines += [f"  {account['role']:<14} {account['email']}" for account in demo["accounts"]]
    return lines
