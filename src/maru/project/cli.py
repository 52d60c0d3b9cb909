"""``maru``: one command for the whole house. Parts add their own commands by a module ``commands.py``."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from maru.platform.ports.environment import Environment, SettingsError, load

COMMAND_MODULES = (
    "maru.platform.audit.commands",
    "maru.platform.ports.lake.commands",
    "maru.commons.offices.commands",
    "maru.commons.people.commands",
    "maru.commons.sources.commands",
    "maru.services.live.commands",
    "maru.services.opendata.commands",
)

_PIPE_CLOSED = 141  # what a shell reports of a program that a closed pipe ended
_ON_TABLES = {
    ("audit", "verify"),
    ("city", "load"),
    ("person", "create"),
    ("person", "grant"),
    ("person", "token"),
}


def _parents() -> list[argparse.ArgumentParser]:
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument(
        "--home", metavar="DIR", type=Path, help="folder of the house (MARU_HOME, default ./var)"
    )
    return [parent]


def _own_commands(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser], parents: list[argparse.ArgumentParser]
) -> None:
    serve = subparsers.add_parser("serve", parents=parents, help="run the whole house on this machine")
    serve.add_argument("--port", type=int, help="port of the pages (MARU_PORT, default 8000)")
    serve.add_argument(
        "--demo", action="store_true", help="open the demonstration city with a broadcast on air"
    )
    serve.set_defaults(run=_serve, django=False)
    for part, text in (
        ("web", "run only the pages"),
        ("stream", "run only the event stream"),
        ("media", "run only the inputs, the ladder and the playlists"),
        ("worker", "run only the background work"),
        ("collector", "run only the reading of sources"),
    ):
        one = subparsers.add_parser(part, parents=parents, help=text)
        one.add_argument("--port", type=int, help="port of the pages (MARU_PORT, default 8000)")
        one.set_defaults(run=_part, part=part, django=part in {"media", "worker", "collector"})
    prepare = subparsers.add_parser(
        "prepare", parents=parents, help="make or update the home: database, city, demo"
    )
    prepare.add_argument("--demo", action="store_true", help="plant the demonstration city")
    prepare.set_defaults(run=_prepare)
    manage = subparsers.add_parser("django", parents=parents, help="Django's own management commands")
    manage.add_argument("arguments", nargs=argparse.REMAINDER)
    manage.set_defaults(run=_manage)


def build_parser() -> argparse.ArgumentParser:
    """The whole command line, with every part's commands."""
    parser = argparse.ArgumentParser(
        prog="maru", description="A city hall online: one house that any city can run."
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    parents = _parents()
    _own_commands(subparsers, parents)
    for name in COMMAND_MODULES:
        if importlib.util.find_spec(name) is not None:
            importlib.import_module(name).register(subparsers, parents)
    return parser


def _serve(options: argparse.Namespace) -> int:
    from maru.project.opening import open_house

    return open_house(options.environment, demo=options.demo)


def _part(options: argparse.Namespace) -> int:
    environment: Environment = options.environment
    if options.part == "web":
        from maru.project.web import main as run
    elif options.part == "stream":
        from maru.platform.stream.server import main as run
        from maru.project.logs import configure

        configure({"debug": environment.debug})
    elif options.part == "media":
        from maru.services.live.media import main as run
    elif options.part == "collector":
        from maru.commons.sources.collector import main as run
    else:
        from maru.project.worker import main as run
    return run(environment)


def _prepare(options: argparse.Namespace) -> int:
    from maru.project.opening import prepare

    prepare(options.environment, demo=options.demo)
    print(f"home ready: {options.environment.home}")
    return 0


def _manage(options: argparse.Namespace) -> int:
    from django.core.management import execute_from_command_line

    execute_from_command_line(["maru django", *options.arguments])
    return 0


def _environment(options: argparse.Namespace) -> Environment:
    # The children and Django read the same variables, so the flags become variables.
    if options.home is not None:
        os.environ["MARU_HOME"] = str(options.home.expanduser().absolute())
    if getattr(options, "port", None) is not None:
        os.environ["MARU_PORT"] = str(options.port)
    if getattr(options, "demo", False):
        os.environ["MARU_DEMO"] = "1"
        os.environ.setdefault("MARU_STAFF_MFA", "optional")
    return load()


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, check the settings, set Django up where it is needed, run. 2 for a usage or settings fault."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    # Light processes start without Django and without the other parts' commands.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maru.project.settings")
    light = bool(arguments) and arguments[0] in {"serve", "web", "stream"}
    parser = _light_parser() if light else build_parser_with_django(arguments)
    options = parser.parse_args(arguments)
    try:
        options.environment = _environment(options)
    except SettingsError as fault:
        print(f"maru: {fault}", file=sys.stderr)
        return 2
    if (options.command, getattr(options, "act", "")) in _ON_TABLES and not _has_tables(options.environment):
        return 1
    try:
        code = int(options.run(options))
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (``| head``) has had enough. What is left goes nowhere, lest Python complain of it at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    return code


def _has_tables(environment: Environment) -> bool:
    """Make the tables of a home that was never opened. False, and said, if the database does not answer."""
    from django.db import OperationalError, connection

    from maru.project.opening import prepare

    environment.home.mkdir(parents=True, exist_ok=True)
    try:
        if "people_person" not in connection.introspection.table_names():
            prepare(environment, demo=False)
    except OperationalError as fault:
        print(f"maru: the database does not answer: {fault}", file=sys.stderr)
        return False
    return True


def _light_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="maru")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _own_commands(subparsers, _parents())
    return parser


def build_parser_with_django(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parts' commands import models, so Django comes first, with the home that the arguments name."""
    early, _rest = _parents()[0].parse_known_args(
        [word for word in arguments if word not in {"-h", "--help"}]
    )
    try:
        if early.home is not None:
            os.environ["MARU_HOME"] = str(early.home.expanduser().absolute())
        load()
    except SettingsError as fault:
        print(f"maru: {fault}", file=sys.stderr)
        raise SystemExit(2) from fault
    import django

    django.setup()
    return build_parser()


if __name__ == "__main__":
    sys.exit(main())
