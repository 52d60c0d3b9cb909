"""Sixteen million records from 290 outside systems into the lake, then a living stream: time, memory, CPU, age.

The simulator and a whole house run side by side on the same machine. Cold: from ``maru serve`` on an empty home until the house
holds what the systems had when it began. Living: the same world made faster; the collector's CPU, and the time from the arrival of
a value (the bytes are in the house) until the public Open API shows it.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from bench.house import House, free_port, until
from bench.report import cpu_seconds, finish, percentile, resident_mb, table

RECORDS = 16_000_000
TARGET_S = 600.0
TARGET_MB = 2000.0
TARGET_CORE = 0.5
TARGET_SEEN_S = 2.0
# Systems that only show a window have moved on before they are asked the first time.
WHOLE = 0.998
LOOKED_AT = 12  # sources, those with the shortest promise


class Outside:
    """The simulated world as a process of its own."""

    def __init__(self, home: Path, house: str, records: int) -> None:
        self.home, self.house, self.records = home, house, records
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, rate: float = 1.0) -> None:
        """Open it; its past does not depend on when it is opened."""
        words = [
            "--port",
            self.port,
            "--home",
            self.home,
            "--records",
            self.records,
            "--rate",
            rate,
            "--house",
            self.house,
        ]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "maru.simulator.outside", *map(str, words)], stdout=subprocess.DEVNULL
        )
        until("the outside world answers", lambda: self.state()["systems"], 60)

    def stop(self) -> None:
        """Close it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def state(self) -> dict[str, Any]:
        """What each system holds."""
        found: dict[str, Any] = httpx.get(f"{self.url}/control/state.json", timeout=30).json()
        return found

    def held(self) -> int:
        """Records of all systems that the house asks or reads files of."""
        return sum(one["records"] for name, one in self.state()["systems"].items() if name not in _pushing())

    def made(self) -> int:
        """Records of all systems."""
        return sum(one["records"] for one in self.state()["systems"].values())

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self.process is not None
        return self.process.pid


def _pushing() -> frozenset[str]:
    from maru.simulator.outside.systems import systems

    return frozenset(one.name for one in systems() if one.mode == "push")


@contextmanager
def world(records: int, rate: float = 1.0) -> Iterator[tuple[House, Outside]]:
    """A house that is not open yet and a world that answers; its living stream is ``rate`` times the natural one."""
    with tempfile.TemporaryDirectory(prefix="maru-ingest-") as folder:
        port = free_port()
        outside_url = f"http://127.0.0.1:{port}"
        one = House(Path(folder) / "home", MARU_OUTSIDE=outside_url)
        outside = Outside(Path(folder) / "outside", one.url, records)
        outside.port, outside.url = port, outside_url
        try:
            outside.start(rate)
            yield one, outside
        except BaseException:
            if one.log.exists():
                sys.stderr.write(one.log.read_text(errors="replace")[-6000:])
            raise
        finally:
            one.stop()
            outside.stop()


def _kept(home: House) -> tuple[int, int, int]:
    """Records in the house, those that could not be read, and sources alive."""
    found = httpx.get(f"{home.url}/api/v1/sources", params={"limit": 2000}, timeout=30).json()["sources"]
    return (
        sum(one["records"] for one in found),
        sum(one["dead"] for one in found),
        sum(one["state"] == "ok" for one in found),
    )


def cold(home: House, outside: Outside, limit_s: float) -> dict[str, Any]:
    """From nothing until the house holds the history."""
    goal = outside.held()
    simulator = cpu_seconds(outside.pid)
    began = time.monotonic()
    home.start()
    opened = time.monotonic() - began
    most = 0.0
    records = dead = alive = 0
    while time.monotonic() - began < limit_s:
        time.sleep(1.0)
        records, dead, alive = _kept(home)
        most = max(most, resident_mb(home.pid("collector")))
        sys.stderr.write(f"\r{time.monotonic() - began:6.0f} s  {records:>12,} of {goal:,}  {most:,.0f} MB  ")
        if records + dead >= WHOLE * goal:
            break
    took = time.monotonic() - began
    sys.stderr.write("\n")
    return {
        "goal": goal, "records": records, "dead": dead, "alive": alive, "seconds": round(took, 1), "opened_s": round(opened, 1),
        "per_second": round(records / took), "share": round((records + dead) / goal, 5), "memory_mb": round(most),
        "collector_cpu_s": round(cpu_seconds(home.pid("collector")), 1), "simulator_cpu_s": round(cpu_seconds(outside.pid) - simulator, 1),
    }  # fmt: skip


def living(home: House, outside: Outside, rate: float, seconds: float) -> dict[str, Any]:
    """A living stream of about ``rate`` records a second."""
    from maru.simulator.outside.systems import natural_rate, systems

    natural = sum(natural_rate(one) for one in systems())
    outside.stop()
    outside.start(rate / natural)
    time.sleep(min(30.0, seconds / 2))  # connections come back, what was missed is caught up
    held, kept = outside.made(), _kept(home)[0]
    pid, began = home.pid("collector"), time.monotonic()
    cpu = cpu_seconds(pid)
    ages = _watch(home, seconds)
    took = time.monotonic() - began
    return {
        "asked_rate": rate, "outside_per_second": round((outside.made() - held) / took), "kept_per_second": round((_kept(home)[0] - kept) / took),
        "cores": round((cpu_seconds(pid) - cpu) / took, 3), "memory_mb": round(resident_mb(pid)), "values": len(ages),
        "seen_p50_s": round(percentile(ages, 0.5), 3), "seen_p95_s": round(percentile(ages, 0.95), 3), "seen_most_s": round(max(ages, default=9.9), 3),
    }  # fmt: skip


def _watch(home: House, seconds: float) -> list[float]:
    """From the arrival of a value until the public API gives it, for the newest value of several sources."""
    known: dict[str, str] = {}
    ages: list[float] = []
    end = time.monotonic() + seconds
    with httpx.Client(base_url=home.url, timeout=10) as client:
        looked_at = _with_values(client)
        while time.monotonic() < end:
            for name in looked_at:
                answer = client.get(f"/api/v1/sources/{name}/latest", params={"limit": 1000})
                now = datetime.now(UTC)
                if answer.status_code != 200 or not answer.json()["values"]:
                    continue
                newest = max(one["seen"] for one in answer.json()["values"])
                if name in known and newest > known[name]:
                    ages.append((now - datetime.fromisoformat(newest)).total_seconds())
                known[name] = newest
            time.sleep(0.1)
    return ages


def _with_values(client: httpx.Client) -> list[str]:
    """The quickest sources that have series."""
    found = client.get("/api/v1/sources", params={"limit": 2000}).json()["sources"]
    found.sort(key=lambda one: one["fresh_s"])
    names = (one["name"] for one in found)
    having = (name for name in names if client.get(f"/api/v1/sources/{name}/latest").json()["values"])
    return list(itertools.islice(having, LOOKED_AT))


def main(argv: list[str]) -> int:
    """Run it; ``--quick`` with a fiftieth of the history."""
    parser = argparse.ArgumentParser(prog="python -m bench ingest", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="300,000 records, a short stream")
    parser.add_argument("--records", type=int, default=0)
    parser.add_argument("--rate", type=float, default=1000.0, help="records a second of the living stream")
    parser.add_argument("--seconds", type=float, default=0.0, help="of the living stream")
    options = parser.parse_args(argv)
    records = options.records or (300_000 if options.quick else RECORDS)
    with world(records) as (home, outside):
        history = cold(home, outside, TARGET_S * 2)
        stream = living(home, outside, options.rate, options.seconds or (30.0 if options.quick else 120.0))
    table(("history", "value"), list(history.items()))
    print()
    table(("living", "value"), list(stream.items()))
    passed = (
        history["share"] >= WHOLE
        and history["seconds"] <= TARGET_S
        and history["memory_mb"] <= TARGET_MB
        and stream["cores"] <= TARGET_CORE
        and stream["seen_p95_s"] <= TARGET_SEEN_S
    )
    return finish("ingest", None if options.quick else passed, {"history": history, "living": stream})
