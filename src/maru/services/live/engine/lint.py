"""A linter of HLS presentations after RFC 8216bis: ``maru broadcast lint URL_OR_FILE``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

from maru.services.live.engine.lint_rules import check_alone, check_reload, check_together
from maru.services.live.engine.lint_syntax import Finding, Playlist, parse

__all__ = ["Finding", "lint", "lint_command", "lint_text"]

TIMEOUT_S = 10.0
NEWEST_SEGMENTS = 3


class _Source:
    """Fetches by address or path."""

    def __init__(self) -> None:
        self._client: httpx.Client | None = None

    def get(self, place: str) -> bytes:
        """The bytes at a place. Raises OSError or httpx.HTTPError."""
        if urlsplit(place).scheme not in ("http", "https"):
            return Path(place.removeprefix("file://")).read_bytes()
        if self._client is None:
            self._client = httpx.Client(timeout=TIMEOUT_S, follow_redirects=True)
        answer = self._client.get(place)
        answer.raise_for_status()
        return answer.content

    def close(self) -> None:
        """Let go of connections."""
        if self._client is not None:
            self._client.close()

    def beside(self, place: str, uri: str) -> str:
        """The place that a URI in the playlist at ``place`` means."""
        if urlsplit(place).scheme in ("http", "https"):
            return urljoin(place, uri)
        return str(Path(place.removeprefix("file://")).parent / uri.split("?")[0])


def lint_text(text: str, where: str = "") -> list[Finding]:
    """The findings of one playlist by itself."""
    return check_alone(parse(text, where))


def lint(
    place: str,
    *,
    loads: int = 2,
    segments: bool = False,
    wait: Callable[[float], None] = time.sleep,
) -> list[Finding]:
    """All findings of the presentation at an address or path.

    Media playlists that have not ended are loaded ``loads`` times, a target duration apart. ``segments``
    also fetches the newest segments and holds them against BANDWIDTH.
    """
    source = _Source()
    try:
        findings: list[Finding] = []
        top = _load(source, place, findings)
        if top is None:
            return findings
        findings += check_alone(top)
        lists = [top] if not top.multivariant else _variants(source, place, top, findings)
        findings += check_together(lists)
        for _ in range(1, loads):
            lists = _again(source, lists, findings, wait)
        if segments:
            _fetch_segments(source, top, lists, findings)
        return findings
    finally:
        source.close()


def _load(source: _Source, place: str, findings: list[Finding]) -> Playlist | None:
    try:
        data = source.get(place)
        return parse(data.decode("utf-8"), place)
    except UnicodeDecodeError:
        findings.append(Finding("4.1", 0, "not UTF-8", "error", place))
    except (OSError, httpx.HTTPError) as error:
        findings.append(Finding("6.2.1", 0, f"cannot be loaded: {error}", "error", place))
    return None


def _variants(source: _Source, place: str, top: Playlist, findings: list[Finding]) -> list[Playlist]:
    uris = [uri for _, uri, _ in top.variants]
    uris += [tag.attributes["URI"] for tag in top.named("EXT-X-MEDIA") if "URI" in tag.attributes]
    lists = []
    for uri in dict.fromkeys(uris):
        media = _load(source, source.beside(place, uri), findings)
        if media is not None:
            findings += check_alone(media)
            lists.append(media)
    return lists


def _again(
    source: _Source, lists: list[Playlist], findings: list[Finding], wait: Callable[[float], None]
) -> list[Playlist]:
    running = [media for media in lists if not media.ended]
    if not running:
        return lists
    target = max(media.integer("EXT-X-TARGETDURATION") or 1 for media in running)
    wait(float(target))
    fresh = []
    for media in lists:
        new = _load(source, media.where, findings) if not media.ended else media
        if new is not None:
            if new is not media:
                findings += check_alone(new)
                findings += check_reload(media, new)
            fresh.append(new)
    findings += check_together(fresh)
    return fresh


def _fetch_segments(source: _Source, top: Playlist, lists: list[Playlist], findings: list[Finding]) -> None:
    claims = {
        source.beside(top.where, uri): int(tag.attributes.get("BANDWIDTH", "0") or 0)
        for tag, uri, _ in top.variants
    }
    for media in lists:
        for segment in media.segments[-NEWEST_SEGMENTS:]:
            for uri in filter(None, (segment.map_uri, segment.uri)):
                try:
                    size = len(source.get(source.beside(media.where, uri)))
                except (OSError, httpx.HTTPError) as error:
                    findings.append(Finding("6.2.1", segment.line, f"{uri}: {error}", "error", media.where))
                    continue
                claim, lasts = claims.get(media.where, 0), segment.duration or 0.0
                # Very short segments say nothing about a rate.
                if uri == segment.uri and claim and lasts >= 1 and size * 8 / lasts > claim:
                    text = f"{uri}: {size * 8 / lasts:.0f} b/s exceed BANDWIDTH {claim}"
                    findings.append(Finding("4.4.6.2", segment.line, text, "error", media.where))


def lint_command(args: argparse.Namespace) -> int:
    """``maru broadcast lint``: print findings; 1 if one of them is an error."""
    findings = lint(args.url, segments=True)
    errors = sum(finding.severity == "error" for finding in findings)
    if getattr(args, "json", False):
        report = {"url": args.url, "errors": errors, "findings": [asdict(finding) for finding in findings]}
        sys.stdout.write(json.dumps(report) + "\n")
    else:
        for finding in findings:
            place = f"{finding.where}:{finding.line}" if finding.line else finding.where
            sys.stdout.write(f"{place}: {finding.severity}: {finding.text} [RFC 8216bis {finding.rule}]\n")
        sys.stdout.write(f"{args.url}: {errors} errors, {len(findings) - errors} warnings\n")
    return 1 if errors else 0
