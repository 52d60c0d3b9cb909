"""RTMP in: what real encoders do, where users put their keys, who is refused, who takes over."""

from __future__ import annotations

import asyncio

import pytest

from maru.services.live.engine import rtmp
from maru.services.live.engine import rtmp_chunks as chunks
from maru.services.live.engine.probe import probe
from maru.services.live.engine.rtmp_session import keys_in
from maru.services.live.engine.tests import publishers as p

STARTED = "NetStream.Publish.Start"
REFUSED = "NetStream.Publish.BadName"


@pytest.mark.parametrize(
    ("app", "name", "keys"),
    [
        ("live", "KEY", ["KEY"]),
        ("live/KEY", "", ["KEY"]),
        ("live/KEY", "KEY", ["KEY"]),
        ("KEY", "", ["KEY"]),
        ("live", "KEY?token=1", ["KEY"]),
        ("live/KEY?x=/y", "", ["KEY"]),
        ("live/", "/KEY/", ["KEY"]),
        ("live", "live/KEY", ["KEY"]),
        ("live/KEY", "stream", ["KEY"]),
        ("live/KEY", "my camera", ["my camera", "KEY"]),
        ("live", "", ["live"]),
        ("", "", []),
        ("live", "x" * 129, []),
        ("live", "a\nb", []),
    ],
)
def test_where_the_key_may_stand(app: str, name: str, keys: list[str]) -> None:
    assert keys_in(app, name) == keys


@pytest.mark.parametrize("path", ["live/KEY", "KEY", "live/KEY/KEY", "live/KEY/", "live/KEY?user=x"])
async def test_ffmpeg_publishes_with_the_key_in_any_place(path: str) -> None:
    async with p.open_house() as house:
        encoder = await p.push(house.url(path.replace("KEY", p.KEY)))
        publication = await house.ended()
        assert await encoder.wait() == 0
        assert set(house.asked) == {p.KEY}
        assert not house.refused
        assert publication.began > 0
        found = p.tags(house.bytes[0])
        assert {kind for kind, _, _ in found} == {8, 9, 18}
        assert found[-1][1] > 1000
        info = await probe(p.FFMPEG, bytes(house.bytes[0]), "flv")
        assert (info.width, info.height, info.fps, info.channels) == (160, 90, 30.0, 1)


@pytest.mark.parametrize("revoked", [False, True])
async def test_a_wrong_or_revoked_key_is_refused_at_once_and_reported(revoked: bool) -> None:
    async with p.open_house(p.spec("the-old-key", revoked=True)) as house:
        key = "the-old-key" if revoked else "no-such-key"
        encoder = await p.push(house.url(f"live/{key}"))
        _, said = await encoder.communicate()
        assert encoder.returncode != 0
        assert b"Refused" in said
        assert [(item.reason, item.key_hint) for item in house.refused] == [
            ("revoked key", "the-…") if revoked else ("unknown key", "no-s…")
        ]
        assert not house.publications


async def test_handshake_and_commands_in_single_bytes() -> None:
    async with p.open_house() as house:
        client = await p.RawPublisher.connect(house)
        await client.shake_hands(step=1)
        data = b"".join(
            chunks.write_message(chunks.COMMAND, p.amf.encode(*values), chunk_stream=3)
            for values in (("connect", 1.0, {"app": "live"}), ("publish", 2.0, None, p.KEY, "live"))
        )
        for at in range(len(data)):
            client.send(data[at : at + 1])
            await client.writer.drain()
            await asyncio.sleep(0)
        await client.answered(STARTED)
        client.close()
        assert (await house.ended()).reason == "connection closed by the encoder"


async def test_a_second_encoder_is_refused_while_the_first_is_heard() -> None:
    async with p.open_house() as house:
        first = await p.RawPublisher.connect(house)
        await first.publish()
        await first.answered(STARTED)
        first.media(chunks.AUDIO, 0, p.sound())
        await p.until(lambda: house.publications and house.publications[0].began)
        second = await p.RawPublisher.connect(house)
        await second.publish()
        await second.answered(REFUSED)
        await second.gone()
        assert [item.reason for item in house.refused] == ["key in use"]
        assert not house.publications[0].ended


async def test_a_second_encoder_takes_over_a_silent_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtmp, "TAKE_OVER_SECONDS", 0.0)
    async with p.open_house() as house:
        first = await p.RawPublisher.connect(house)
        await first.publish()
        await first.answered(STARTED)
        await p.until(lambda: house.publications)
        second = await p.RawPublisher.connect(house)
        await second.publish()
        await second.answered(STARTED)
        await first.gone()
        assert (await house.ended(0)).reason == "another encoder took over"
        await p.until(lambda: len(house.publications) == 2)
        assert not house.publications[1].ended
        assert house.server.publications == [house.publications[1]]


async def test_an_encoder_drops_and_comes_back() -> None:
    async with p.open_house() as house:
        encoder = await p.push(house.url(f"live/{p.KEY}"), seconds=30, real_time=True)
        await p.until(lambda: house.publications and house.publications[0].began)
        encoder.kill()
        await house.ended(0)
        assert not house.server.publications
        again = await p.push(house.url(f"live/{p.KEY}"))
        await house.ended(1)
        assert await again.wait() == 0
        assert p.tags(house.bytes[1])[0][1] == 0


async def test_revoking_a_key_ends_its_encoder_and_nobody_else() -> None:
    async with p.open_house(p.spec(), p.spec("another-key")) as house:
        one, two = await p.RawPublisher.connect(house), await p.RawPublisher.connect(house)
        await one.publish()
        await one.answered(STARTED)
        await two.publish(name="another-key")
        await two.answered(STARTED)
        assert house.server.drop(p.KEY)
        assert not house.server.drop("nobody's")
        await one.gone()
        assert (await house.ended(0)).reason == "the key was revoked"
        assert [item.input.key for item in house.server.publications] == ["another-key"]


@pytest.mark.parametrize(
    ("inputs", "flags"),
    [(p.SOUND, 4), (p.PICTURE, 1), ((*p.PICTURE, *p.SOUND), 5)],
    ids=["audio", "video", "both"],
)
async def test_the_header_announces_just_the_tracks_that_come(inputs: tuple[str, ...], flags: int) -> None:
    async with p.open_house() as house:
        encoder = await p.push(house.url(f"live/{p.KEY}"), *inputs, seconds=2)
        publication = await house.ended()
        await encoder.wait()
        assert house.bytes[0][4] == flags
        assert (publication.last_audio is not None, publication.last_video is not None) == (
            flags >= 4,
            flags % 2 == 1,
        )
        info = await probe(p.FFMPEG, bytes(house.bytes[0]), "flv")
        assert (info.has_audio, info.has_video) == (flags >= 4, flags % 2 == 1)


@pytest.mark.parametrize(("layout", "channels"), [("mono", 1), ("5.1", 6)])
async def test_mono_and_surround_arrive_as_sent(layout: str, channels: int) -> None:
    async with p.open_house() as house:
        source = ("-f", "lavfi", "-i", f"anullsrc=channel_layout={layout}:sample_rate=48000")
        encoder = await p.push(house.url(f"live/{p.KEY}"), *p.PICTURE, *source)
        await house.ended()
        await encoder.wait()
        assert (await probe(p.FFMPEG, bytes(house.bytes[0]), "flv")).channels == channels


@pytest.mark.parametrize(
    ("rate", "fps"),
    [("24", 24), ("25", 25), ("30000/1001", 29.97), ("60", 60)],
    ids=["24", "25", "29.97", "60"],
)
async def test_frame_rates_are_found(rate: str, fps: float) -> None:
    async with p.open_house() as house:
        source = ("-f", "lavfi", "-i", f"testsrc2=s=160x90:r={rate}")
        encoder = await p.push(house.url(f"live/{p.KEY}"), *source, *p.SOUND)
        await house.ended()
        await encoder.wait()
        assert (await probe(p.FFMPEG, bytes(house.bytes[0]), "flv")).fps == pytest.approx(fps, abs=0.05)


async def test_enhanced_rtmp_passes_through() -> None:
    async with p.open_house() as house:
        encoder = await p.ffmpeg(
            *(
                *p.PICTURE,
                *p.SOUND,
                "-t",
                "1.2",
                "-c:v",
                "libx265",
                "-preset",
                "ultrafast",
                "-x265-params",
                "log-level=0",
            ),
            *("-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", house.url(f"live/{p.KEY}")),
        )
        await house.ended()
        await encoder.wait()
        assert (await probe(p.FFMPEG, bytes(house.bytes[0]), "flv")).video_codec == "hevc"


async def test_a_jump_of_the_encoder_s_clock_leaves_time_continuous() -> None:
    async with p.open_house() as house:
        client = await p.RawPublisher.connect(house)
        await client.publish()
        await client.answered(STARTED)
        stamps = [5000, 5040, 5080, 9_005_080, 9_005_120, 120, 160, 0xFFFFFFF0, 0x10, 0x38]
        for stamp in stamps:
            client.media(chunks.VIDEO, stamp, p.keyframe())
            client.media(chunks.AUDIO, stamp, p.sound())
        client.close()
        await house.ended()
        times = [stamp for kind, stamp, _ in p.tags(house.bytes[0]) if kind == 9]
        assert len(times) == len(stamps)
        assert times[:3] == [0, 40, 80]
        assert times == sorted(times)
        assert times[-1] < 5000
        sounds = [stamp for kind, stamp, _ in p.tags(house.bytes[0]) if kind == 8]
        assert sounds == times
