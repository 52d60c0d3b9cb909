"""The control panel of the outside world: what each system is doing, and ways to make it fail and recover."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from urllib.parse import parse_qsl

import numpy as np

from maru.simulator.outside.answers.shape import Answer, Question
from maru.simulator.outside.ledger import Indices, Ledger, Span, World
from maru.simulator.outside.rows import bad_word, keys

DO = ("plug", "slow", "garbage", "duplicates", "rename", "skew", "flood", "recover")
WORDS = {
    "plug": "Pull the plug",
    "slow": "Slow",
    "garbage": "Garbage",
    "duplicates": "Duplicates",
    "rename": "Rename a column",
    "skew": "Clock skew",
    "flood": "Flood",
    "recover": "Recover",
}
SLOW_S, SKEW_S, FLOOD = 4.0, 420.0, 50.0
_LISTED = 10_000


def apply(ledger: Ledger, what: str, now: float) -> None:
    """Make one thing go wrong, or everything right. KeyError for what nobody knows."""
    _DEEDS[what](ledger, now)


def _plug(ledger: Ledger, _now: float) -> None:
    ledger.faults.plug = True


def _slow(ledger: Ledger, _now: float) -> None:
    ledger.faults.slow_s = SLOW_S


def _garbage(ledger: Ledger, now: float) -> None:
    ledger.faults.bodies = ledger.system.kit not in ("folder", "sql", "mqtt", "webhook")
    if ledger.system.time and ledger.system.kit not in ("gtfs_realtime", "sql"):
        ledger.begin(ledger.garbage, now)


def _duplicates(ledger: Ledger, now: float) -> None:
    if ledger.system.kit != "sql":
        ledger.begin(ledger.doubled, now)


def _rename(ledger: Ledger, _now: float) -> None:
    ledger.faults.renamed = True


def _skew(ledger: Ledger, now: float) -> None:
    ledger.begin(ledger.skewed, now, SKEW_S)


def _flood(ledger: Ledger, now: float) -> None:
    if ledger.system.boost:
        ledger.hurry(now, FLOOD)


def _recover(ledger: Ledger, now: float) -> None:
    faults = ledger.faults
    faults.plug, faults.slow_s, faults.bodies, faults.renamed = False, 0.0, False, False
    for spans in (ledger.garbage, ledger.doubled, ledger.skewed):
        ledger.finish(spans, now)


_DEEDS: dict[str, Callable[[Ledger, float], None]] = {
    "plug": _plug, "slow": _slow, "garbage": _garbage, "duplicates": _duplicates, "rename": _rename, "skew": _skew, "flood": _flood, "recover": _recover,
}  # fmt: skip


@dataclass
class Panel:
    """Pages and JSON of the control panel. ``places`` says where the other servers listen; ``on_change`` hears of each change."""

    world: World
    places: dict[str, str]
    factors: dict[str, float] = field(default_factory=dict)  # natural speed of a system times this
    chaos_until: float = 0.0
    _task: asyncio.Task[None] | None = None
    on_change: Callable[[str], None] | None = None

    def answer(self, path: str, asked: Question) -> Answer:
        """One request."""
        parts = path.strip("/").split("/")
        if path == "/outside.json":
            return _json(self.places)
        if path in ("/", ""):
            return Answer(self._page(asked.now).encode(), "text/html; charset=utf-8")
        if parts[0] != "control" or len(parts) < 2:
            return _json({"error": "no such system"}, 404)
        if parts[1] == "state.json":
            return _json(self.state(asked.now))
        if parts[1] == "delivered" and len(parts) == 3:
            return self._delivered(parts[2], asked)
        if asked.method != "POST":
            return _json({"error": "use POST"}, 405)
        wanted = _fields(asked)
        if parts[1] == "chaos":
            return self._begin_chaos(wanted)
        if parts[1] == "still":
            for ledger in self.world.ledgers.values():
                ledger.still = ledger.still or asked.now
            return _json({"still": True})
        return self._control(parts[1], str(wanted.get("do", "")), asked)

    def _control(self, name: str, what: str, asked: Question) -> Answer:
        ledgers = (
            list(self.world.ledgers.values())
            if name == "all"
            else [self.world.ledgers[name]]
            if name in self.world.ledgers
            else []
        )
        if not ledgers or what not in DO:
            return _json(
                {"error": f"no system {name}" if not ledgers else f"do is one of {', '.join(DO)}"},
                404 if not ledgers else 400,
            )
        for ledger in ledgers:
            self.act(ledger, what, asked.now)
        if "html" in asked.headers.get("accept", ""):
            return Answer(b"", "text/html", 303, {"Location": f"/#{name}"})
        return _json({"done": what, "systems": len(ledgers)})

    def act(self, ledger: Ledger, what: str, now: float) -> None:
        """``apply``; recovery also gives a system its natural speed back."""
        apply(ledger, what, now)
        if what == "recover":
            ledger.hurry(now, self.factors.get(ledger.system.name, 1.0))
        if self.on_change:
            self.on_change(ledger.system.name)

    def state(self, now: float) -> dict[str, object]:
        """Counts of every system."""
        found = {}
        for name, ledger in self.world.ledgers.items():
            good, bad = ledger.given()
            found[name] = {
                "records": ledger.count(now), "delivered": good, "bad": bad, "requests": ledger.requests, "errors": ledger.errors,
                "wrong": wrong(ledger), **self.world.pushed.get(name, {}),
            }  # fmt: skip
        return {
            "now": now,
            "chaos": max(0.0, self.chaos_until - now),
            "rate": self.world.rate,
            "systems": found,
        }

    def _delivered(self, name: str, asked: Question) -> Answer:
        """Keys of the good records that were ever given, and the words of the bad ones: ``?from=&limit=``."""
        ledger = self.world.ledgers.get(name)
        if ledger is None:
            return _json({"error": f"no system {name}"}, 404)
        offset, limit = asked.number("from", 0), min(asked.number("limit", 1000), _LISTED)
        places = ledger.delivered.take(offset, limit)
        good, bad = ledger.given()
        sources = places.copy()
        for low, high in _runs(places):
            sources[(places >= low) & (places < high)] = ledger.sources(low, high)
        sources = np.unique(sources)
        spoiled = ledger.bad(sources)
        right = sources if spoiled is None else sources[~spoiled]
        found = {
            "name": name, "key": list(ledger.system.key), "good": good, "bad": bad, "places": len(ledger.delivered), "from": offset,
            "next": offset + limit if offset + limit < len(ledger.delivered) else None,
            "keys": keys(ledger, right) if len(right) else [],
            "bad_words": [] if spoiled is None else [bad_word(name, one) for one in sources[spoiled].tolist()],
            "records": right.tolist(), "bad_records": [] if spoiled is None else sources[spoiled].tolist(), "complete": ledger.system.window == 0,
            "answers": list(ledger.handed) if offset == 0 else [], "trash": ledger.trash if offset == 0 else [],
        }  # fmt: skip
        return _json(found)

    def _begin_chaos(self, wanted: dict[str, object]) -> Answer:
        seconds, seed = float(str(wanted.get("seconds", 60))), int(str(wanted.get("seed", 1)))
        spared = wanted.get("spare", ())
        self.chaos_until = time.time() + seconds
        if self._task:
            self._task.cancel()
        self._task = asyncio.get_running_loop().create_task(
            self._chaos(
                seconds,
                seed,
                float(str(wanted.get("each", 0.5))),
                frozenset(map(str, spared)) if isinstance(spared, list) else frozenset(),
            )
        )
        return _json({"chaos": seconds, "seed": seed})

    async def _chaos(self, seconds: float, seed: int, each: float, spared: frozenset[str]) -> None:
        """Every ``each`` seconds something happens to some system that is not ``spared``; each fault lasts 2 to 25 s; at the end
        all recover."""
        dice = random.Random(seed)
        names = sorted(set(self.world.ledgers) - spared) or sorted(self.world.ledgers)
        ends: dict[str, float] = {}
        finish = time.time() + seconds
        try:
            while time.time() < finish:
                now = time.time()
                for name in [one for one, at in ends.items() if at <= now]:
                    self.act(self.world.ledgers[name], "recover", now)
                    del ends[name]
                name = dice.choice(names)
                if name not in ends:
                    self.act(self.world.ledgers[name], dice.choice(DO[:-1]), now)
                    ends[name] = now + dice.uniform(2, 25)
                await asyncio.sleep(each)
        finally:
            now = time.time()
            for ledger in self.world.ledgers.values():
                self.act(ledger, "recover", now)
            self.chaos_until = 0.0

    def _page(self, now: float) -> str:
        rows = []
        for name, ledger in self.world.ledgers.items():
            state = ", ".join(wrong(ledger)) or "well"
            buttons = "".join(f'<button name="do" value="{one}">{WORDS[one]}</button>' for one in DO)
            rows.append(
                f'<tr id="{name}"><th scope="row">{name}<br><small>{escape(ledger.system.en)}</small></th><td>{ledger.system.kit}</td><td>{ledger.count(now):,}</td>'
                f'<td>{ledger.requests:,}</td><td>{state}</td><td><form method="post" action="/control/{name}">{buttons}</form></td></tr>'
            )
        every = "".join(f'<button name="do" value="{one}">{WORDS[one]}</button>' for one in DO)
        return _PAGE.format(count=len(rows), every=every, rows="".join(rows))


_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>The outside world</title><style>body{{font:16px/1.5 system-ui,sans-serif;margin:2rem;max-width:75rem}}table{{border-collapse:collapse;width:100%}}
th,td{{text-align:left;padding:.25rem .5rem;border-bottom:1px solid #ccc;vertical-align:top}}button{{margin:0 .25rem .25rem 0;font:inherit;font-size:.85rem}}
small{{font-weight:normal;color:#555}}</style></head><body><h1>The outside world</h1>
<p>{count} simulated systems. What you do here happens to them, as it would to real ones: the house only sees what they answer.</p>
<h2>All of them</h2><form method="post" action="/control/all">{every}</form>
<form method="post" action="/control/chaos"><label>Chaos for <input name="seconds" value="60" size="4" inputmode="numeric"> s</label> <label>seed <input name="seed" value="1" size="4" inputmode="numeric"></label> <button>Begin</button></form>
<h2>One by one</h2><table><thead><tr><th scope="col">System</th><th scope="col">Format</th><th scope="col">Records</th><th scope="col">Requests</th><th scope="col">State</th><th scope="col">Do</th></tr></thead><tbody>{rows}</tbody></table></body></html>"""


def wrong(ledger: Ledger) -> list[str]:
    """What is wrong with a system now, in the words of ``DO``."""
    faults = ledger.faults
    checks = (
        (faults.plug, "plug"), (faults.slow_s > 0, "slow"), (faults.bodies or _open(ledger.garbage), "garbage"), (_open(ledger.doubled), "duplicates"),
        (faults.renamed, "rename"), (_open(ledger.skewed), "skew"),
    )  # fmt: skip
    return [word for yes, word in checks if yes]


def _open(spans: list[Span]) -> bool:
    return bool(spans) and spans[-1].end is None


def _runs(places: Indices) -> list[tuple[int, int]]:
    if not len(places):
        return []
    edges = np.flatnonzero(np.diff(places) != 1)
    starts = [int(places[0]), *(int(places[one + 1]) for one in edges)]
    ends = [*(int(places[one]) + 1 for one in edges), int(places[-1]) + 1]
    return list(zip(starts, ends, strict=True))


def _fields(asked: Question) -> dict[str, object]:
    if asked.headers.get("content-type", "").startswith("application/json"):
        try:
            found = json.loads(asked.body or b"{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}
    return dict(parse_qsl(asked.body.decode("utf-8", "replace")))


def _json(found: object, status: int = 200) -> Answer:
    return Answer(json.dumps(found, ensure_ascii=False).encode(), "application/json", status)
