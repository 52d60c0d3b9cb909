"""The built front end: which hashed files belong to an entry of `frontend/src`."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypedDict

BUILD = Path(__file__).parent / "static" / "build"


class FrontEndNotBuilt(RuntimeError):
    """The page asks for a file that the front end's build did not make. A fault of installing, not of a citizen."""


class _Chunk(TypedDict, total=False):
    file: str
    css: list[str]
    imports: list[str]


@dataclass(frozen=True)
class Entry:
    """Paths below `static/build/` of one entry, in the order in which the page should name them."""

    scripts: tuple[str, ...]
    styles: tuple[str, ...]
    preloads: tuple[str, ...]


def entry(name: str, build: Path = BUILD) -> Entry:
    """Find the files of an entry such as `src/live/page.ts`.

    Raises FrontEndNotBuilt when there is no build, or the build has no such entry.
    """
    path = build / "manifest.json"
    try:
        stamp = path.stat().st_mtime_ns
    except FileNotFoundError:
        raise FrontEndNotBuilt(
            "the front end is not built: run `make build`, or `python frontend/npm.py ci` "
            "and `python frontend/npm.py run build`"
        ) from None
    chunks = _manifest(path, stamp)
    if name not in chunks:
        known = ", ".join(sorted(key for key in chunks if key.startswith("src/")))
        raise FrontEndNotBuilt(f"the front end has no entry {name!r}; it has {known}")
    return _collect(name, chunks)


@lru_cache(maxsize=4)
def _manifest(path: Path, stamp: int) -> dict[str, _Chunk]:
    """Read the manifest; `stamp` is its modification time, so that a new build is seen without a restart."""
    loaded: dict[str, _Chunk] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def _collect(name: str, chunks: dict[str, _Chunk]) -> Entry:
    styles: list[str] = []
    preloads: list[str] = []
    seen: set[str] = set()

    def walk(key: str) -> None:
        if key in seen:
            return
        seen.add(key)
        chunk = chunks[key]
        for imported in chunk.get("imports", []):
            walk(imported)
            preloads.append(chunks[imported]["file"])
        styles.extend(style for style in chunk.get("css", []) if style not in styles)

    walk(name)
    own = chunks[name]["file"]
    if own.endswith(".css"):
        return Entry(scripts=(), styles=(own, *styles), preloads=())
    return Entry(scripts=(own,), styles=tuple(styles), preloads=tuple(dict.fromkeys(preloads)))
