"""A small RTMP server that takes publishers only: one port for every key, media handed on as FLV."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from maru.services.live.engine import amf
from maru.services.live.engine import rtmp_chunks as chunks
from maru.services.live.engine.contracts import InputSpec
from maru.services.live.engine.publication import BufferedPublication, OnPublication, OnRefused, Refused
from maru.services.live.engine.rtmp_session import LINGER_SECONDS, Ended, Session

log = logging.getLogger(__name__)

Gate = Callable[[str, str], Awaitable[InputSpec | None]]

MAX_CONNECTIONS = 64
TAKE_OVER_SECONDS = 1.0


class RtmpServer:
    """Listens for publishers.

    ``gate(key, peer)`` decides who may enter (None: unknown; ``revoked``: no longer). ``on_publication`` runs
    in a task of its own for each accepted publisher; if it raises, the publisher is sent away. ``on_refused``
    is told once of each refused connection. ``port`` 0 takes a free one, see ``port`` after ``start``.
    """

    def __init__(
        self,
        host: str,
        port: int,
        gate: Gate,
        on_publication: OnPublication,
        on_refused: OnRefused | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self._gate = gate
        self._on_publication = on_publication
        self._on_refused = on_refused
        self._server: asyncio.Server | None = None
        self._sessions: set[Session] = set()
        self._publishers: dict[str, Session] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._empty = asyncio.Event()
        self._empty.set()

    async def start(self) -> None:
        """Begin to listen. Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port, limit=131_072)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and end every publisher."""
        if self._server is not None:
            self._server.close()
        for session in list(self._sessions):
            session.dismiss("the house is closing")
        try:
            async with asyncio.timeout(2 * LINGER_SECONDS):
                await self._empty.wait()
        except TimeoutError:
            for session in self._sessions:
                session.writer.transport.abort()
        self._server = None

    @property
    def publications(self) -> list[BufferedPublication]:
        """Who is publishing now."""
        return [
            session.publication for session in self._publishers.values() if session.publication is not None
        ]

    def drop(self, key: str, reason: str = "the key was revoked") -> bool:
        """End the publisher who uses ``key``; whether there was one."""
        session = self._publishers.pop(key, None)
        if session is None:
            return False
        session.dismiss(reason)
        return True

    async def admit(self, candidates: list[str], peer: str) -> tuple[InputSpec | None, str]:
        """Ask the gate for each candidate; the spec it gave, and the key that was tried last."""
        revoked: tuple[InputSpec, str] | None = None
        for key in candidates:
            spec = await self._gate(key, peer)
            if spec is not None and not spec.revoked:
                return spec, key
            if spec is not None and revoked is None:
                revoked = spec, key
        return revoked or (None, candidates[0] if candidates else "")

    def register(self, key: str, session: Session) -> bool:
        """Give the key to this session, unless another uses it and was heard within TAKE_OVER_SECONDS."""
        old = self._publishers.get(key)
        if old is not None and old.publication is not None and not old.publication.ended:
            silent = asyncio.get_running_loop().time() - old.publication.last_media
            if silent <= TAKE_OVER_SECONDS:
                return False
            old.dismiss("another encoder took over")
        self._publishers[key] = session
        return True

    def hand_over(self, publication: BufferedPublication) -> None:
        """Start ``on_publication`` for an accepted publisher."""
        log.info(
            "%s publishes to %s/%s", publication.peer, publication.input.broadcast, publication.input.name
        )
        task = asyncio.create_task(self._receive(publication))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _receive(self, publication: BufferedPublication) -> None:
        received = False
        try:
            await self._on_publication(publication)
            received = True
        finally:
            if not received:
                await publication.close("the engine could not take it")

    def report(self, refused: Refused) -> None:
        """Tell of a refused connection."""
        log.warning("refused %s (%s): %s", refused.peer, refused.key_hint, refused.reason)
        if self._on_refused is not None:
            self._on_refused(refused)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._sessions) >= MAX_CONNECTIONS:
            writer.transport.abort()
            return
        session = Session(self, reader, writer)
        self._sessions.add(session)
        self._empty.clear()
        reason = "fault"
        try:
            await session.run()
        except TimeoutError:
            reason = "silent for too long"
        except (Ended, chunks.ChunkError, amf.AmfError) as error:
            reason = str(error)
        except (OSError, asyncio.IncompleteReadError):
            reason = "connection lost"
        finally:
            session.finish(reason)
            self._sessions.discard(session)
            if not self._sessions:
                self._empty.set()
            if session.publication is not None:
                log.info("%s left: %s", session.peer, session.publication.reason)
                key = session.publication.input.key
                if self._publishers.get(key) is session:
                    del self._publishers[key]
            session.part()
