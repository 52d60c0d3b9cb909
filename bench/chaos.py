"""Chaos in 290 outside systems and kill -9 of the collector: every record once in the lake, every bad one in a letter.

A whole house runs against the simulated world. When it holds the history, the world's chaos begins: outages, slow answers, garbage,
repeated records, renamed columns, wrong clocks and floods in two thirds of the systems; the others (drawn by the seed) stay healthy. Meanwhile the
collector is killed again and again, and the public Open API is asked once a second how old every source is. Then all recovers, the sources
catch up, the world stands still, and what the world says it delivered is compared with the lake and the dead letters, record by record.

Delivered means: an answer was sent to its end, a message acknowledged, a webhook answered with 2xx, a file written. What cannot be compared is told:
see ``bench._chaos_judge``.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx

from bench._chaos_judge import Judge, Verdict
from bench._chaos_watch import Looks, Watch, states
from bench.house import House, until
from bench.ingest import Outside, world
from bench.report import finish, percentile, table
from maru.simulator.outside.systems import systems

HEALTHY = 3  # one system in so many is spared
_SHOWN = 25


@dataclass
class Kills:
    """When the collector was killed, and how long it took until the next one was there."""

    at: list[float] = field(default_factory=list)
    back_s: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """How long and how bad. ``each``: seconds from one fault to the next; ``rate``: of the living stream, natural is 1."""

    records: int
    seconds: float
    kills: int
    seed: int
    each: float
    rate: float
    patience_s: float


def _spared(seed: int) -> list[str]:
    names = sorted(one.name for one in systems())
    return sorted(random.Random(seed).sample(names, len(names) // HEALTHY))


def _alive(house: House) -> dict[str, str]:
    """Those that are not alive, with their states."""
    return {name: state for name, state in states(house.url).items() if state != "ok"}


def _settled(house: House, patience_s: float) -> dict[str, str]:
    """Wait until every source is alive; those that are not after ``patience_s``."""
    limit = time.monotonic() + patience_s
    while (left := _alive(house)) and time.monotonic() < limit:
        time.sleep(1.0)
    return left


def _begin(house: House, outside: Outside, patience_s: float) -> dict[str, Any]:
    """Open the house and wait until it has the history, and something of every system."""
    past = {name: one["records"] for name, one in outside.state()["systems"].items()}
    goals = {one.name: past[one.name] if not one.window and one.mode != "push" else 1 for one in systems()}
    began = time.monotonic()
    house.start()
    lacking: dict[str, str] = {}

    def whole() -> bool:
        found = httpx.get(f"{house.url}/api/v1/sources", params={"limit": 2000}, timeout=30).json()["sources"]
        held = {one["name"]: one["records"] + one["dead"] for one in found}
        lacking.clear()
        lacking.update(
            (name, f"{held.get(name, 0)} of {goal}")
            for name, goal in goals.items()
            if held.get(name, 0) < goal
        )
        time.sleep(0.5)
        return not lacking

    try:
        until("the house holds the history", whole, patience_s)
    except TimeoutError:
        print("! not there:", lacking)
        raise
    left = _settled(house, patience_s)
    return {"history_s": round(time.monotonic() - began, 1), "not_alive_before": left}


def _hurt(house: House, outside: Outside, plan: Plan, spared: list[str]) -> Kills:
    """The chaos itself, until the world has recovered."""
    kills, dice = Kills(), random.Random(plan.seed)
    told = {"seconds": plan.seconds, "seed": plan.seed, "each": plan.each, "spare": spared}
    httpx.post(f"{outside.url}/control/chaos", json=told, timeout=10).raise_for_status()
    began, slot = time.monotonic(), plan.seconds / plan.kills
    for number in range(plan.kills):
        due = began + (number + dice.uniform(0.1, 0.9)) * slot
        time.sleep(max(0.0, due - time.monotonic()))
        kills.at.append(time.time())
        killed = time.monotonic()
        house.kill("collector")
        kills.back_s.append(round(time.monotonic() - killed, 2))
        sys.stderr.write(f"\rkill {number + 1} of {plan.kills}, back after {kills.back_s[-1]} s  ")
    until("the chaos ends", lambda: not outside.state()["chaos"], plan.seconds + 60)
    sys.stderr.write("\n")
    return kills


def _compare(house: House, outside: Outside, kills: Kills, patience_s: float) -> dict[str, Verdict]:
    """Let the world stand still and compare; sources that lack something may be asked once more first."""
    httpx.post(f"{outside.url}/control/still", timeout=10).raise_for_status()
    judge = Judge(outside.url, house.home, kills.at)
    limit = time.monotonic() + patience_s
    time.sleep(5.0)
    verdicts = judge.judge()
    while time.monotonic() < limit:
        late = [one.name for one in verdicts.values() if not one.sound]
        if not late:
            break
        sys.stderr.write(f"\r{len(late)} sources differ, {limit - time.monotonic():.0f} s left  ")
        time.sleep(10.0)
        verdicts.update(judge.judge(late))
    sys.stderr.write("\n")
    return verdicts


def _late(looks: dict[str, Looks], spared: Iterable[str]) -> list[tuple[str, Looks]]:
    """Healthy sources that were late at any look, the worst first."""
    found = [(name, looks[name]) for name in spared if name in looks and looks[name].late]
    return sorted(found, key=lambda pair: -pair[1].worst)


def _show(
    verdicts: dict[str, Verdict], late: list[tuple[str, Looks]], watch: Watch, spared: list[str]
) -> None:
    by_kit: dict[str, list[Verdict]] = {}
    for one in verdicts.values():
        by_kit.setdefault(one.kit, []).append(one)
    rows = [
        (kit, len(ones), sum(one.sent for one in ones), sum(one.kept for one in ones), sum(one.versions for one in ones),
         sum(len(one.missing) for one in ones), sum(len(one.twice) for one in ones), sum(one.bad + one.trash for one in ones),
         sum(len(one.letters_missing) for one in ones), sum(one.let_off + one.let_off_bad for one in ones))
        for kit, ones in sorted(by_kit.items())
    ]  # fmt: skip
    table(
        (
            "kit",
            "sources",
            "sent",
            "kept",
            "versions",
            "missing",
            "twice",
            "bad",
            "no letter",
            "cut off by a kill",
        ),
        rows,
    )
    faults = [(one.name, *fault) for one in verdicts.values() for fault in one.faults()]
    if faults:
        print()
        table(("source", "fault", "how many", "example"), faults[:_SHOWN])
    if late:
        print()
        rows_late = [(name, one.fresh_s, one.age_s, one.worst, one.late) for name, one in late[:_SHOWN]]
        table(("healthy but late", "promise s", "greatest age s", "share", "looks"), rows_late)
    print()
    worst = sorted(((watch.looks[name].worst, name) for name in spared if name in watch.looks), reverse=True)[
        :5
    ]
    table(("healthy, nearest to its promise", "share"), [(name, share) for share, name in worst])
    print()


def _figures(
    verdicts: dict[str, Verdict], watch: Watch, kills: Kills, late: list[tuple[str, Looks]]
) -> dict[str, Any]:
    ones = verdicts.values()
    return {
        "delivered": sum(one.sent for one in ones),
        "kept": sum(one.kept for one in ones),
        "versions": sum(one.versions for one in ones),
        "missing": sum(len(one.missing) for one in ones),
        "twice": sum(len(one.twice) for one in ones),
        "unknown": sum(len(one.unknown) for one in ones),
        "bad_records": sum(one.bad for one in ones),
        "bad_answers": sum(one.trash for one in ones),
        "without_letter": sum(len(one.letters_missing) for one in ones),
        "letters_without_reason": sum(len(one.no_reason) for one in ones),
        "cut_off_by_kill": sum(one.let_off for one in ones),
        "cut_off_by_kill_bad": sum(one.let_off_bad for one in ones),
        "kills": len(kills.at),
        "back_most_s": max(kills.back_s, default=0.0),
        "healthy_late": [name for name, _looks in late],
        "looks": len(watch.times),
        "looks_failed": watch.failures,
        "look_p95_s": round(percentile(watch.times, 0.95), 3),
    }


def _all(house: House, outside: Outside, plan: Plan) -> tuple[dict[str, Any], bool]:
    spared = _spared(plan.seed)
    before = _begin(house, outside, plan.patience_s)
    watch = Watch(house.url)
    watch.start()
    kills = _hurt(house, outside, plan, spared)
    began = time.monotonic()
    left = _settled(house, plan.patience_s)
    caught_up = round(time.monotonic() - began, 1)
    watch.stop.set()
    watch.join(15)
    verdicts = _compare(house, outside, kills, plan.patience_s)
    sound = json.loads(house.maru("lake", "check", "--json", check=False))
    late = _late(watch.looks, spared)
    _show(verdicts, late, watch, spared)
    figures = {
        **before, **_figures(verdicts, watch, kills, late), "healthy": len(spared), "caught_up_s": caught_up, "not_alive_after": left,
        "lake_sound": sound["sound"], "lake_findings": len(sound["findings"]),
    }  # fmt: skip
    bad = ("missing", "twice", "unknown", "without_letter", "letters_without_reason", "healthy_late", "not_alive_before", "not_alive_after", "looks_failed")  # fmt: skip
    passed = (
        not any(figures[one] for one in bad)
        and bool(figures["lake_sound"])
        and len(verdicts) == len(systems())
    )
    return figures, passed


def main(argv: list[str]) -> int:
    """Run it; ``--quick`` for a minute and a half of chaos and three kills."""
    parser = argparse.ArgumentParser(prog="python -m bench chaos", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="90 seconds of chaos, three kills, a short history"
    )
    parser.add_argument("--records", type=int, default=0, help="of history")
    parser.add_argument("--seconds", type=float, default=0.0, help="of chaos")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--each", type=float, default=0.15, help="seconds from one fault to the next")
    parser.add_argument("--rate", type=float, default=4.0, help="of the living stream; natural is 1")
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args(argv)
    plan = Plan(
        records=options.records or (60_000 if options.quick else 300_000),
        seconds=options.seconds or (90.0 if options.quick else 600.0),
        kills=options.kills or (3 if options.quick else 10),
        seed=options.seed,
        each=options.each,
        rate=options.rate,
        patience_s=240.0 if options.quick else 420.0,
    )
    with world(plan.records, plan.rate) as (house, outside):
        figures, passed = _all(house, outside, plan)
    return finish("chaos", passed, {"seconds": plan.seconds, "seed": plan.seed, **figures})
