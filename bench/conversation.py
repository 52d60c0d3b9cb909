"""A crowd in conversation: from a citizen's opinion to the last of all readers; the same readers at nginx + nchan.

A whole house runs. 5,000 opinions in 4 minutes (40 minutes, compressed ten times), with bursts of twenty times the
ordinary rate, are written through the Open API from hundreds of addresses and devices; 5,000 readers hold the event
stream, and some hang up and come back all the while. For each opinion: the time from ``publish`` (the moment the house
stamped it, within its transaction) to its arrival at the last reader. Waiting at the door of the house, when more
come than one small machine can write down, is told apart as ``sent``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench import _nchan
from bench.house import House, house
from bench.report import cpu_seconds, finish, percentile, resident_mb, table

SLUG = "crowd"
BURST_FACTOR = 20
BURST_EVERY = 40.0
EACH_PROCESS = 1000
TARGET_SECONDS = 2.0
BATCH_SECONDS = 1.0


def moments(opinions: int, seconds: float, seed: int = 1) -> list[float]:
    """When opinions come: evenly by chance, and every 40 s a second with twenty times as many."""
    chance = random.Random(seed)
    bursts = [start + 5 for start in range(0, int(seconds), int(BURST_EVERY)) if start + 6 <= seconds]
    weight = seconds + (BURST_FACTOR - 1) * len(bursts)
    in_burst = round(opinions * (BURST_FACTOR - 1) / weight)
    times = [burst + chance.random() for burst in bursts for _ in range(in_burst)]
    times += [chance.random() * seconds for _ in range(opinions - len(times))]
    return sorted(times)


class Crowd:
    """The reader processes."""

    def __init__(self, url: str, readers: int, churn: int) -> None:
        sizes = [min(EACH_PROCESS, readers - start) for start in range(0, readers, EACH_PROCESS)]
        self.processes = [
            subprocess.Popen(
                [sys.executable, "-m", "bench._crowd", url, str(size), "--churn", str(churn)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for size in sizes
        ]
        for process in self.processes:
            assert process.stdout is not None
            if process.stdout.readline().strip() != "ready":
                raise RuntimeError("readers could not connect")

    def end(self, last: int) -> dict[str, Any]:
        """Wait until all have read ``last``; the sum of what they saw."""
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write(f"end {last}\n")
            process.stdin.flush()
        total: dict[str, Any] = {"events": {}}
        for process in self.processes:
            assert process.stdout is not None
            report = json.loads(process.stdout.readline())
            for seq, name, at, count, last_at in report.pop("events"):
                row = total["events"].setdefault(seq, {"id": name, "at": at, "count": 0, "last_at": 0.0})
                row["count"] += count
                row["last_at"] = max(row["last_at"], last_at)
            for name, value in report.items():
                total[name] = total.get(name, 0) + value
        return total

    def stop(self) -> None:
        """End them all."""
        for process in self.processes:
            process.kill()
            process.wait()


@contextmanager
def crowd(url: str, readers: int, churn: int) -> Iterator[Crowd]:
    """A connected crowd, gone at the end."""
    one = Crowd(url, readers, churn)
    try:
        yield one
    finally:
        one.stop()


@dataclass
class Meter:
    """Memory and processor of the serving processes."""

    pids: list[int]
    before_mb: float = 0.0
    held_mb: float = 0.0
    cpu: float = 0.0

    def memory(self) -> float:
        return sum(map(resident_mb, self.pids))

    def processor(self) -> float:
        return sum(map(cpu_seconds, self.pids))


def summary(
    name: str, total: dict[str, Any], readers: int, waits: list[float], meter: Meter
) -> dict[str, Any]:
    """The figures of one server."""
    missing = sum(max(0, readers - row["count"]) for row in total["events"].values())
    after = meter.memory()
    return {
        "server": name,
        "events": len(total["events"]),
        "messages_read": total["deliveries"],
        "p50_s": round(percentile(waits, 0.5), 3),
        "p99_s": round(percentile(waits, 0.99), 3),
        "max_s": round(max(waits, default=float("nan")), 3),
        "lost": total["lost"] + missing,
        "doubled": total["doubled"],
        "out_of_order": total["disorder"],
        "resumed": total["resumed"],
        "resets": total["resets"],
        "cut": total["hung_up_on"],
        "behind": total["behind"],
        "kb_per_reader": round((meter.held_mb - meter.before_mb) * 1000 / readers, 2),
        "kb_per_reader_after": round((after - meter.before_mb) * 1000 / readers, 2),
        "cpu_s": round(meter.processor() - meter.cpu, 2),
        "cpu_us_per_message": round((meter.processor() - meter.cpu) * 1e6 / max(1, total["deliveries"]), 1),
        "mb_sent": round(total["bytes"] / 1e6, 1),
    }


def unix(text: str) -> float:
    """Unix seconds of an ISO 8601 time."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def through_the_house(one: House, schedule: list[float], readers: int, churn: int) -> dict[str, Any]:
    """Opinions in at the Open API, out at the stream."""
    one.maru("broadcast", "create", "--slug", SLUG, "--title", "Crowd")
    one.maru("broadcast", "start", SLUG)
    meter = Meter([one.pid("stream")])
    meter.before_mb = meter.memory()
    with crowd(f"{one.stream_url}/events/live/{SLUG}", readers, churn) as all_readers:
        meter.held_mb, meter.cpu = meter.memory(), meter.processor()
        plan = one.home / "schedule.json"
        plan.write_text(json.dumps(schedule))
        url = f"{one.url}/api/v1/broadcasts/{SLUG}/opinions"
        done = subprocess.run(
            [sys.executable, "-m", "bench._writers", url, str(plan)],
            stdout=subprocess.PIPE,
            check=True,
            timeout=schedule[-1] + 300,
        )
        written = json.loads(done.stdout)
        total = all_readers.end(head(one.home))
    by_id = {row["id"]: row for row in total["events"].values() if row["id"]}
    accepted = {name: (sent, answered) for name, sent, answered in written["accepted"]}
    arrived = {name: by_id[name] for name in accepted if name in by_id}
    figures = summary(
        "maru", total, readers, [row["last_at"] - unix(row["at"]) for row in arrived.values()], meter
    )
    doors = [answered - sent for sent, answered in accepted.values()]
    figures |= {
        "accepted": len(accepted),
        "refused": len(written["refused"]),
        "refusals": sorted(set(written["refused"]))[:3],
        "lost": figures["lost"] + (len(accepted) - len(arrived)) * readers,
        "sent_p99_s": round(percentile([by_id[n]["last_at"] - accepted[n][0] for n in arrived], 0.99), 3),
        "door_p50_s": round(percentile(doors, 0.5), 3),
        "door_p99_s": round(percentile(doors, 0.99), 3),
    }
    return figures


def head(home: Path) -> int:
    """Number of the newest event, from the database itself."""
    with closing(sqlite3.connect(home / "db.sqlite3")) as database:
        return int(
            database.execute("SELECT head FROM events_channel WHERE name = ?", [f"live/{SLUG}"]).fetchone()[0]
        )


def through_nchan(
    folder: Path, schedule: list[float], readers: int, churn: int, size: int, *, batched: bool
) -> dict[str, Any]:
    """The same readers and moments at nginx + nchan."""
    with _nchan.nchan(folder, readers) as peer:
        meter = Meter(peer.workers())
        meter.before_mb = meter.memory()
        with crowd(peer.url, readers, churn) as all_readers:
            meter.held_mb, meter.cpu = meter.memory(), meter.processor()
            asyncio.run(_nchan.publish(peer.port, schedule, size, BATCH_SECONDS if batched else 0.0))
            total = all_readers.end(len(schedule))
        waits = [row["last_at"] - row["at"] for row in total["events"].values()]
        figures = summary("nchan, batched" if batched else "nginx + nchan", total, readers, waits, meter)
        figures["lost"] += (len(schedule) - len(total["events"])) * readers
        return figures


def show(figures: list[dict[str, Any]]) -> None:
    """One column a server."""
    names = [name for name in figures[0] if name not in {"server", "refusals"}]
    rows = [[name, *(figure.get(name) for figure in figures)] for name in names]
    table(["", *(figure["server"] for figure in figures)], rows)


def main(argv: list[str]) -> int:
    """Run the figure. 1 if a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench conversation", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="300 readers and 300 opinions in 30 s")
    parser.add_argument("--readers", type=int)
    parser.add_argument("--opinions", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument(
        "--churn", type=int, default=2, help="readers of each process that come back, a second"
    )
    parser.add_argument("--without-peer", action="store_true", help="leave nginx + nchan out")
    parser.add_argument(
        "--batched-peer", action="store_true", help="nginx + nchan once more, given one message a second"
    )
    options = parser.parse_args(argv)
    readers = options.readers or (300 if options.quick else 5000)
    opinions = options.opinions or (300 if options.quick else 5000)
    seconds = options.seconds or (30.0 if options.quick else 240.0)
    schedule = moments(opinions, seconds)
    figures: list[dict[str, Any]] = []
    with house() as one:
        figures.append(through_the_house(one, schedule, readers, options.churn))
    reason = "left out" if options.without_peer else _nchan.missing()
    if reason:
        print(f"nginx + nchan: {reason}")
    else:
        size = round(figures[0]["mb_sent"] * 1e6 / max(1, figures[0]["events"] * readers))
        for batched in (False, True) if options.batched_peer else (False,):
            with tempfile.TemporaryDirectory(prefix="maru-nchan-") as folder:
                figures.append(
                    through_nchan(Path(folder), schedule, readers, options.churn, size, batched=batched)
                )
    show(figures)
    mine = figures[0]
    passed = (
        mine["p99_s"] <= TARGET_SECONDS
        and mine["accepted"] == opinions
        and not any(mine[name] for name in ("lost", "doubled", "out_of_order", "behind"))
    )
    settings = {"readers": readers, "opinions": opinions, "seconds": seconds, "burst": BURST_FACTOR}
    note = "nchan got its messages directly: no citizens, moderation, database or batching before it"
    return finish("conversation", passed, {**settings, "servers": figures, "note": note})
