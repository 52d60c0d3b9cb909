"""``python -m maru.simulator.outside --port P --home DIR [--records N] [--rate X] [--seed N] [--house URL]``."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

import uvicorn

from maru.simulator.outside.answers.shape import refused
from maru.simulator.outside.control import Panel
from maru.simulator.outside.server import Application
from maru.simulator.outside.servers.broker import Broker, cancelled
from maru.simulator.outside.servers.disk import Disk
from maru.simulator.outside.servers.pushing import Pusher, house_of, publish
from maru.simulator.outside.servers.sftp import SftpServer
from maru.simulator.outside.world import build


def main() -> None:
    """Run until told to stop."""
    parser = argparse.ArgumentParser(
        prog="python -m maru.simulator.outside", description="290 simulated outside systems"
    )
    parser.add_argument(
        "--port", type=int, required=True, help="of HTTP; the broker and SFTP take free ports"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument(
        "--home",
        type=Path,
        required=True,
        help="folder for the anchor, keys, the shared folder and databases",
    )
    parser.add_argument("--records", type=int, default=1_000_000, help="records of history in all")
    parser.add_argument(
        "--rate", type=float, default=1.0, help="living stream: 1 = natural, about 53 records a second"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--house", type=house_of, help="address of the house that webhooks are sent to")
    parser.add_argument(
        "--secrets", type=Path, help="JSON file: secret of each system that pushes (default: sample)"
    )
    asyncio.run(run(parser.parse_args()))


async def run(settings: argparse.Namespace) -> None:
    """All servers in one process."""
    world, factors = build(settings.home, records=settings.records, rate=settings.rate, seed=settings.seed)
    broker = Broker(refused_user)
    mqtt_port = await broker.start(settings.host, 0)
    sftp = SftpServer(world, settings.home)
    sftp.start(settings.host, 0)
    disk = Disk(world, settings.home)
    disk.start()
    places = {
        "sftp": sftp.address, "sftp_host_key": sftp.host_key, "mqtt": f"mqtt://127.0.0.1:{mqtt_port}",
        "folder": str(disk.folder), "sql": str(disk.sql),
    }  # fmt: skip
    panel = Panel(world, places, factors)
    tasks = [asyncio.create_task(publish(world, broker))]
    if settings.house:
        secrets = json.loads(settings.secrets.read_text()) if settings.secrets else {}
        tasks.append(asyncio.create_task(Pusher(world, settings.house, secrets).run()))
    config = uvicorn.Config(
        Application(world, panel), host=settings.host, port=settings.port, log_level="critical", access_log=False, lifespan="off",
    )  # fmt: skip
    try:
        await uvicorn.Server(config).serve()
    finally:
        for task in tasks:
            await cancelled(task)
        await broker.stop()
        disk.stop()
        sftp.stop()


def refused_user(user: str) -> bool:
    """Any user may come in but one that says itself that it may not."""
    return bool(user) and refused(user)


if __name__ == "__main__":
    main()
