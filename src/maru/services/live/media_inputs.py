"""The doors of the media process: RTMP, SRT and files, each leading to the station it belongs to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

import structlog
from django.db import DatabaseError

from maru.platform.ports.environment import Environment
from maru.services.live import media_records as records
from maru.services.live.engine.contracts import InputSpec, Publication, Report, StationSpec
from maru.services.live.engine.files_in import FileInput
from maru.services.live.engine.publication import Refused
from maru.services.live.engine.rtmp import RtmpServer
from maru.services.live.engine.srt import SrtListener
from maru.services.live.engine.station import Station
from maru.services.live.media_tasks import Aside, ask_database
from maru.services.live.models import now

log = structlog.get_logger("maru.media")

STATION_WAIT_S = 20.0  # an encoder may come before its broadcast's station (and its slates) are ready
RETRY_S = 1.0


class House(Protocol):
    """What the doors need of the process."""

    environment: Environment
    stations: dict[str, Station]
    specs: dict[str, StationSpec]
    aside: Aside

    def want(self, slug: str) -> None:
        """A station is needed although its hour is far."""

    def report(self, report: Report) -> None: ...

    def trouble(self, name: str, bad: bool) -> None: ...

    def known(self) -> asyncio.Event:
        """Set whenever a station was added."""
        ...


class Doors:
    """Listens as long as the process lives."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._listeners: dict[tuple[str, str], tuple[InputSpec, SrtListener]] = {}
        self._files: set[tuple[str, str]] = set()
        self._rtmp: RtmpServer | None = None

    async def close(self) -> None:
        """Send everyone away and listen no more."""
        work = [listener.stop() for _, listener in self._listeners.values()]
        if self._rtmp is not None:
            work.append(self._rtmp.stop())
        await asyncio.gather(*work)

    async def tend(self) -> None:
        """Make SRT listeners and file inputs what the broadcasts say."""
        await self._tend_listeners()
        self._tend_files()

    def _alarm(self, spec: InputSpec, reason: str) -> None:
        at = now().timestamp()
        self.house.report(
            Report(broadcast=spec.broadcast, at=at, kind="alarm", input=spec.name, reason=reason)
        )

    async def serve_rtmp(self) -> None:
        """Listen; a port that is still taken by a dying predecessor is tried again."""
        host, port = self.house.environment.bind, self.house.environment.rtmp_port
        while True:
            server = RtmpServer(host, port, self._gate, self._publication, self._refused)
            try:
                await server.start()
            except OSError as error:
                self.house.trouble("RTMP port", True)
                log.warning("cannot listen for RTMP", port=port, error=str(error))
                await asyncio.sleep(RETRY_S)
            else:
                self._rtmp = server
                self.house.trouble("RTMP port", False)
                return

    async def _gate(self, key: str, peer: str) -> InputSpec | None:
        try:
            found = await ask_database(records.find_key, key)
        except DatabaseError:
            known = [one for spec in self.house.specs.values() for one in spec.inputs if one.kind == "push"]
            found = next((one for one in known if one.key == key), None)
        if found is not None and not found.revoked and found.broadcast not in self.house.specs:
            self.house.want(found.broadcast)
        return found

    def _refused(self, refused: Refused) -> None:
        spec = refused.input
        self.house.report(
            Report(
                broadcast=spec.broadcast if spec else "",
                at=now().timestamp(),
                kind="refused_key",
                input=spec.name if spec else "",
                reason=refused.reason,
                detail={"protocol": refused.protocol, "peer": refused.peer, "key": refused.key_hint},
            )
        )

    async def _publication(self, publication: Publication) -> None:
        """An encoder was let in: hand it to its station, which may still be on its way."""
        slug = publication.input.broadcast
        try:
            async with asyncio.timeout(STATION_WAIT_S):
                while slug not in self.house.stations:
                    await self.house.known().wait()
        except TimeoutError:
            await publication.close("the broadcast is not ready")
            return
        await self.house.stations[slug].offer(publication)

    def _wanted(self) -> Mapping[tuple[str, str], InputSpec]:
        """Inputs that listen for SRT: those with a port, of broadcasts that have a station."""
        open_ones = [spec for slug, spec in self.house.specs.items() if slug in self.house.stations]
        return {
            (spec.slug, one.name): one
            for spec in open_ones
            for one in spec.inputs
            if spec.state != "ended" and one.kind == "push" and one.srt_port and not one.revoked
        }

    async def _tend_listeners(self) -> None:
        wanted = self._wanted()
        for place, (spec, listener) in list(self._listeners.items()):
            if wanted.get(place) != spec:
                del self._listeners[place]
                await listener.stop()
        environment = self.house.environment
        for place, spec in wanted.items():
            if place in self._listeners:
                continue
            try:
                listener = SrtListener(
                    environment.ffmpeg, environment.bind, spec, self._publication, self._refused
                )
            except ValueError as error:
                if place not in self._files:  # told once
                    self._files.add(place)
                    self._alarm(spec, str(error))
                continue
            await listener.start()
            self._listeners[place] = (spec, listener)

    def _tend_files(self) -> None:
        """Files play once, from the start of their broadcast."""
        for slug, station in self.house.stations.items():
            for one in station.spec.inputs:
                place = (slug, one.name)
                if one.kind == "file" and station.spec.state == "live" and place not in self._files:
                    self._files.add(place)
                    self.house.aside(self._play(one))

    async def _play(self, spec: InputSpec) -> None:
        try:
            publication = await FileInput(self.house.environment.ffmpeg, spec).open()
        except OSError as error:
            self._alarm(spec, f"the file cannot be played: {error}")
            return
        await self._publication(publication)
