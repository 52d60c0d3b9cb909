"""``python -m maru.simulator.outside --port P --home DIR [--records N] [--rate X] [--seed N]``."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from maru.simulator.outside.control import Panel
from maru.simulator.outside.server import Application
from maru.simulator.outside.world import build


def main() -> None:
    """Run until told to stop."""
    parser = argparse.ArgumentParser(
        prog="python -m maru.simulator.outside", description="290 simulated outside systems"
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--records", type=int, default=1_000_000, help="records of history in all")
    parser.add_argument(
        "--rate", type=float, default=1.0, help="living stream: 1 = natural, about 53 records a second"
    )
    parser.add_argument("--seed", type=int, default=1)
    settings = parser.parse_args()
    world, factors = build(settings.home, records=settings.records, rate=settings.rate, seed=settings.seed)
    panel = Panel(world, {}, factors)
    uvicorn.run(
        Application(world, panel),
        host=settings.host,
        port=settings.port,
        log_level="critical",
        access_log=False,
        lifespan="off",
    )


if __name__ == "__main__":
    main()
