"""The hall over real sockets: greeting, batches, resuming, resetting, slow readers, staff, the end."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from maru.platform.stream import audience, readers, tokens
from maru.platform.stream.tests.house import PATIENCE, SECRET, House, in_house, until


def test_a_reader_is_greeted_and_gets_what_comes(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        house.relay.emit("live/hall", text="before")
        reader = await house.listen("/events/live/hall")
        assert reader.status == 200
        assert reader.headers["content-type"].startswith("text/event-stream")
        assert reader.headers["cache-control"] == "no-store"
        assert reader.headers["x-accel-buffering"] == "no"
        assert reader.headers["access-control-allow-origin"] == "*"
        hello = await reader.next()
        assert (hello.event, hello.id, hello.data) == ("hello", 1, {"head": 1, "viewers": 1})
        house.relay.emit("live/hall", text="마루 <b>\n\u2028 🎋")
        batch = await reader.wait("batch")
        assert batch.id == 2
        assert batch.data == [{"seq": 2, "kind": "opinion", "text": "마루 <b>\n\u2028 🎋"}]

    in_house(tmp_path, story)


def test_a_reader_of_a_channel_without_events_waits_for_the_first(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        reader = await house.listen("/events/live/new")
        assert (await reader.next()).data == {"head": 0, "viewers": 1}
        house.relay.emit("live/new")
        assert await reader.seqs(1) == [1]

    in_house(tmp_path, story)


@pytest.mark.parametrize("way", ["header", "query"])
def test_a_reader_resumes_where_it_was(tmp_path: Path, way: str) -> None:
    async def story(house: House) -> None:
        for n in range(300):
            house.relay.emit("live/hall", silently=True, n=n, pad="x" * 400)
        query, headers = ("", "Last-Event-ID: 7\r\n") if way == "header" else ("?after=7", "")
        reader = await house.listen(f"/events/live/hall{query}", headers)
        hello = await reader.next()
        assert (hello.id, hello.data["head"]) == (7, 300)
        assert await reader.seqs(300) == list(range(8, 301))

    in_house(tmp_path, story)


def test_a_place_that_is_too_old_is_reset(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        for n in range(2100):
            house.relay.emit("live/hall", silently=True, n=n)
        reader = await house.listen("/events/live/hall?after=50")
        await reader.wait("hello")
        reset = await reader.next()
        assert (reset.event, reset.id, reset.data) == ("reset", 2100, {"head": 2100})
        house.relay.emit("live/hall")
        assert await reader.seqs(2101) == [2101]

    in_house(tmp_path, story)


def test_a_place_of_another_database_is_reset(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        house.relay.emit("live/hall", silently=True)
        reader = await house.listen("/events/live/hall?after=900")
        assert (await reader.next()).event == "hello"
        reset = await reader.next()
        assert (reset.event, reset.id) == ("reset", 1)

    in_house(tmp_path, story)


def test_a_page_that_is_ahead_of_the_stream_loses_and_repeats_nothing(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        first = await house.listen("/events/live/hall")
        await first.next()
        house.relay.emit("live/hall", silently=True)
        house.relay.emit("live/hall", silently=True)
        reader = await house.listen("/events/live/hall?after=2")
        await reader.next()
        house.relay.emit("live/hall")
        assert await reader.seqs(3) == [3]
        assert await first.seqs(3) == [1, 2, 3]

    in_house(tmp_path, story)


def test_a_lost_hint_is_noticed_by_the_next_and_by_the_heads(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        reader = await house.listen("/events/live/hall")
        await reader.next()
        house.relay.emit("live/hall", silently=True)
        house.relay.emit("live/hall")
        assert await reader.seqs(2) == [1, 2]
        house.relay.emit("live/hall", silently=True)
        house.relay.tell_heads()
        assert await reader.seqs(3) == [3]

    in_house(tmp_path, story)


def test_readers_wait_for_a_relay_that_is_down(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        house.relay.mute = True
        house.relay.emit("live/hall", silently=True)
        reader = await house.listen("/events/live/hall?after=0")
        await until(lambda: len(house.relay.asked) >= 2)
        house.relay.mute = False
        assert (await reader.next()).event == "hello"
        assert await reader.seqs(1) == [1]

    in_house(tmp_path, story)


def test_events_that_were_thrown_away_meanwhile_reset_everybody(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        reader = await house.listen("/events/live/hall")
        await reader.next()
        for _ in range(9):
            house.relay.emit("live/hall", silently=True)
        house.relay.kept_from["live/hall"] = 6
        house.relay.tell_heads()
        reset = await reader.wait("reset")
        assert reset.id == 9

    in_house(tmp_path, story)


def test_a_database_that_went_back_resets_everybody(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        for _ in range(5):
            house.relay.emit("live/hall", silently=True)
        reader = await house.listen("/events/live/hall")
        await reader.next()
        del house.relay.events["live/hall"][2:]
        house.relay.answer("live/hall", 5)
        assert (await reader.wait("reset")).id == 2
        house.relay.emit("live/hall")
        assert await reader.seqs(3) == [3]

    in_house(tmp_path, story)


def test_viewers_are_told_and_written_down(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        phone = "User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile/15E148\r\n"
        first = await house.listen("/events/live/hall")
        second = await house.listen("/events/live/hall", phone)
        assert second.status == 200
        again = await house.listen("/events/live/hall?again=1")
        assert (await again.next()).data["viewers"] == 3
        while (await first.wait("viewers")).data != {"now": 3, "phones": 1}:
            pass
        await until(lambda: audience.read(house.environment.home).get("live/hall") == audience.Count(3, 1, 2))
        again.close()
        while (await first.wait("viewers")).data != {"now": 2, "phones": 1}:
            pass

    in_house(tmp_path, story)


def test_a_slow_reader_is_cut_and_resumes_without_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maru.platform.stream.hall.STALL_SECONDS", 2.0)

    async def story(house: House) -> None:
        loop = asyncio.get_running_loop()
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.setblocking(False)
        await loop.sock_connect(slow, ("127.0.0.1", house.port))
        await loop.sock_sendall(slow, b"GET /events/live/hall?after=0 HTTP/1.1\r\nHost: x\r\n\r\n")
        fast = await house.listen("/events/live/hall?after=0")
        await until(
            lambda: "live/hall" in house.hall.rooms and len(house.hall.rooms["live/hall"].readers) == 2
        )
        for n in range(1500):
            house.relay.emit("live/hall", silently=True, n=n, pad="x" * 6000)
        house.relay.tell_heads()
        assert await fast.seqs(1500) == list(range(1, 1501))
        await until(lambda: house.hall.cuts == 1)
        await until(lambda: len(house.hall.rooms["live/hall"].readers) == 1)
        slow.close()
        back = await house.listen("/events/live/hall", "Last-Event-ID: 3\r\n")
        assert await back.seqs(1500) == list(range(4, 1501))

    in_house(tmp_path, story)


def test_what_waits_for_a_slow_reader_is_bounded(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        listener = await house.listen("/events/live/hall")
        await listener.next()
        listener.writer.transport.pause_reading()
        (reader,) = house.hall.rooms["live/hall"].readers
        for n in range(2000):
            house.relay.emit("live/hall", silently=True, n=n, pad="x" * 6000)
        house.relay.tell_heads()
        # The first batch holds all 12 MB, once for all readers; after it the reader is left alone.
        await until(lambda: reader in house.hall._stalled)
        waits = reader.transport.get_write_buffer_size()
        for n in range(300):
            house.relay.emit("live/hall", silently=True, n=n, pad="x" * 6000)
        house.relay.tell_heads()
        await until(lambda: house.hall.rooms["live/hall"].channel.published == 2300)
        assert reader.transport.get_write_buffer_size() <= waits
        assert readers.BUFFER_HIGH == 256 * 1024
        listener.writer.transport.resume_reading()
        assert await listener.seqs(2300) == list(range(1, 2301))

    in_house(tmp_path, story)


def test_staff_channels_need_a_ticket(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        channel = "staff/live/hall"
        assert (await house.listen(f"/events/{channel}")).status == 403
        wrong = tokens.sign(SECRET, "staff/live/other", 60)
        assert (await house.listen(f"/events/{channel}?token={wrong}")).status == 403
        old = tokens.sign(SECRET, channel, 60, now=1.0)
        assert (await house.listen(f"/events/{channel}?token={old}")).status == 403
        right = tokens.sign(SECRET, channel, 60)
        reader = await house.listen(f"/events/{channel}?token={right}")
        assert reader.status == 200
        await reader.next()
        house.relay.emit(channel, "held")
        assert await reader.seqs(1) == [1]

    in_house(tmp_path, story)


def test_a_ticket_that_ends_ends_the_stream(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        token = tokens.sign(SECRET, "staff/live/hall", 1)
        reader = await house.listen(f"/events/staff/live/hall?token={token}")
        assert reader.status == 200
        with pytest.raises(asyncio.IncompleteReadError):
            while True:
                await reader.next()

    in_house(tmp_path, story)


def test_at_the_end_readers_get_what_waits_and_are_closed(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        reader = await house.listen("/events/live/hall")
        await reader.next()
        house.relay.emit("live/hall")
        assert await reader.seqs(1) == [1]
        house.relay.emit("live/hall")  # waits for its second
        await until(lambda: house.hall.rooms["live/hall"].channel.head == 2)
        await asyncio.wait_for(house.hall.drain(PATIENCE), PATIENCE)
        assert await reader.seqs(2) == [2]
        with pytest.raises(asyncio.IncompleteReadError):
            await reader.next()
        assert house.hall.connections == 0

    in_house(tmp_path, story)


def test_a_full_hall_says_so(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        house.hall.places = 1
        first = await house.listen("/events/live/hall")
        assert first.status == 200
        answer = await house.raw(b"")
        assert answer.startswith(b"HTTP/1.1 503 ")
        first.close()
        await until(lambda: house.hall.connections == 0)
        assert (await house.listen("/events/live/hall")).status == 200

    in_house(tmp_path, story)


def test_rooms_nobody_wants_are_given_up(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        for number in range(20):
            reader = await house.listen(f"/events/live/none-{number}")
            await reader.next()
            reader.close()
        await until(lambda: not house.hall.rooms)

    in_house(tmp_path, story)


def test_health_and_metrics(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        reader = await house.listen("/events/live/hall")
        await reader.next()
        health = await house.raw(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b'"state": "ok"' in health
        assert b'"readers": 1' in health
        metrics = await house.raw(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b'maru_stream_readers{process="0"} 1\n' in metrics
        bare = await house.raw(b"HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert bare.startswith(b"HTTP/1.1 200 ")
        assert bare.endswith(b"\r\n\r\n")

    in_house(tmp_path, story)


def test_a_quiet_channel_beats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maru.platform.stream.rooms.BEAT_SECONDS", 0.2)

    async def story(house: House) -> None:
        reader = await house.listen("/events/live/hall")
        assert (await reader.wait("beat")).id is None

    in_house(tmp_path, story)
