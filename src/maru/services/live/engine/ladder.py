"""The argument list of the one ffmpeg process that turns a publication into the ladder. Pure.

Media time: timestamp 0 of the source stands at ``Plan.base`` (2 to 4 s), chosen so that even seconds of media
time are even seconds of the wall clock. Every rendition has its keyframes there, so that all segments of all
sessions of a broadcast begin on the same grid.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from maru.services.live.engine.contracts import PRESETS, Rendition, SourceInfo, Thresholds

SAMPLE_RATE = 48_000
STILL_FPS = Fraction(5)  # of the picture shown for a source without one
DETECTOR_FPS = 5
WATCH_SIZE = (160, 90)
# a source a little smaller than a rung (1,072 lines for 1080p) is set into it with a thin border
NEARLY = 0.94
# detectors speak early; the watchdog holds them against the thresholds
SILENCE_STEP_S = 0.3
BLACK_STEP_S = 0.1
STANDARD_FPS = tuple(Fraction(n, d) for n, d in ((24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1)))

Container = Literal["flv", "mpegts", "auto"]


class NothingToEncode(ValueError):
    """The source has neither picture nor sound."""


@dataclass(frozen=True)
class Rung:
    """A rendition with the size it is encoded at; height 0 is sound only."""

    rendition: Rendition
    width: int
    height: int

    @property
    def name(self) -> str:
        return self.rendition.name


@dataclass(frozen=True)
class Plan:
    """What is made of a source. ``base``: media time of timestamp 0; ``origin``: wall time of media 0."""

    rungs: tuple[Rung, ...]
    fps: Fraction
    base: Fraction
    origin: float
    info: SourceInfo

    @property
    def pictures(self) -> tuple[Rung, ...]:
        return tuple(rung for rung in self.rungs if rung.height)

    @property
    def sounds(self) -> tuple[Rung, ...]:
        return tuple(rung for rung in self.rungs if not rung.height)


@dataclass(frozen=True)
class Pipes:
    """Descriptors that ffmpeg writes to: one per rung, and those of the detectors (None: none).

    ``picture`` and ``sound`` take the detectors' lines, ``frames`` small grey pictures (``watchdog.Stillness``).
    From ``silence`` it reads the sound of a source that has none: as much as there is picture.
    """

    rungs: dict[str, int]
    picture: int | None
    sound: int | None
    frames: int | None = None
    silence: int | None = None


def renditions_of(preset: str | Sequence[Rendition]) -> Sequence[Rendition]:
    """The rungs of a preset, highest first. KeyError for a name that is none."""
    return PRESETS[preset] if isinstance(preset, str) else preset


def plan(preset: str | Sequence[Rendition], info: SourceInfo, began: float) -> Plan:
    """Choose sizes and rate. ``began`` is the wall time of timestamp 0. Raises NothingToEncode."""
    if not info.has_video and not info.has_audio:
        raise NothingToEncode("the source has neither picture nor sound")
    ladder = renditions_of(preset)
    pictures = [rendition for rendition in ladder if rendition.height]
    origin = 2.0 * (began // 2) - 2
    base = Fraction(round((began - origin) * 1_000_000), 1_000_000)
    canvas = max(info.height, math.ceil(info.width * 9 / 16))
    if not info.has_video or canvas <= 0:
        canvas = max(rendition.height for rendition in pictures) if not info.has_video else 360
    rungs = [_rung(rendition) for rendition in pictures if canvas >= NEARLY * rendition.height]
    if not rungs:
        smallest = min(pictures, key=lambda rendition: rendition.height)
        rungs = [_rung(smallest, max(18, canvas))]
    rungs += [Rung(rendition, 0, 0) for rendition in ladder if not rendition.height]
    fps = rate(info.fps) if info.has_video else STILL_FPS
    return Plan(tuple(rungs), fps, base, origin, info)


def _rung(rendition: Rendition, height: int = 0) -> Rung:
    height = 2 * math.ceil((height or rendition.height) / 2)
    return Rung(rendition, 2 * math.ceil(height * 16 / 9 / 2 - 1e-9), height)


def rate(fps: float) -> Fraction:
    """The rate to encode at: standard ones are kept, faster ones halved down to 30, odd ones rounded."""
    if not 1 <= fps <= 1000:
        return Fraction(30)
    while fps > 30.3:
        fps /= 2
    near = min(STANDARD_FPS, key=lambda standard: abs(float(standard) - fps))
    return near if abs(float(near) - fps) < 0.02 else Fraction(min(30, max(1, round(fps))))


def arguments(
    ffmpeg: str,
    made: Plan,
    container: Container,
    thresholds: Thresholds,
    pipes: Pipes,
    still: Path | None = None,
) -> list[str]:
    """The whole command line. ``still`` is the picture for a source without one (required then)."""
    info = made.info
    command = [ffmpeg, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+warning"]
    command += _source(made, container)
    if not info.has_video:
        if still is None:
            raise ValueError("a source without picture needs a still picture")
        command += ["-itsoffset", _number(made.base), "-loop", "1", "-framerate", str(STILL_FPS)]
        command += ["-i", f"file:{still}"]
    if not info.has_audio:
        # not anullsrc: it has no end, and ffmpeg closes no output before all have ended
        command += ["-f", "s16le", "-ar", str(SAMPLE_RATE), "-ac", "2"]
        command += ["-probesize", "32", "-analyzeduration", "0", "-i", f"pipe:{pipes.silence}"]
    command += ["-filter_complex_threads", "1"]
    command += ["-filter_complex", picture_graph(made, pipes.picture)]
    command += ["-filter_complex", sound_graph(made, thresholds, pipes.sound)]
    for place, rung in enumerate(made.rungs):
        if rung.height:
            command += ["-map", f"[v{place}]", *picture_codec(rung, made.fps, start(made))]
        command += ["-map", f"[a{place}]", *sound_codec(rung.rendition)]
        if not info.has_video:
            command += ["-shortest"]  # the still picture has no end of its own
        command += [*muxer(sound_only=not rung.height), f"pipe:{pipes.rungs[rung.name]}"]
    if pipes.frames is not None and info.has_video:
        command += ["-map", "[small]", "-fps_mode", "passthrough", "-flush_packets", "1"]
        command += ["-f", "rawvideo", f"pipe:{pipes.frames}"]
    return command


def watch_start(made: Plan) -> Fraction:
    """Media time of the first of the small pictures."""
    return Fraction(math.ceil(start(made) * DETECTOR_FPS), DETECTOR_FPS)


def start(made: Plan) -> Fraction:
    """Media time of the first frame: the base, on the grid of frames."""
    return Fraction(math.ceil(made.base * made.fps)) / made.fps


def _number(value: Fraction) -> str:
    return f"{float(value):.6f}"


def _source(made: Plan, container: Container) -> list[str]:
    command = ["-thread_queue_size", "256", "-itsoffset", _number(made.base)]
    # the first second is already in the pipe; what the probe of it found need not be waited for again
    command += ["-analyzeduration", "1000000", "-probesize", "1000000", "-fflags", "+discardcorrupt+genpts"]
    if container != "auto":
        command += ["-f", container]
    if made.info.has_video:
        # scale and pad follow a new size by themselves (eval=frame); a rebuilt graph would start time anew
        command += ["-reinit_filter:v", "0", "-threads:v", "1"]
    return [*command, "-i", "pipe:0"]


def picture_graph(made: Plan, pipe: int | None) -> str:
    """Decode once: constant rate, then the largest rung, each smaller one scaled from the one before it."""
    detect = pipe is not None and made.info.has_video
    source = 0 if made.info.has_video else 1
    rungs = made.pictures
    head = f"[{source}:v:0]fps={made.fps}:start_time={_number(start(made))}"
    graph = [f"{head},split[p][watch]" if detect else f"{head}[p]"]
    wide, high = rungs[0].width, rungs[0].height
    room = f"min({wide}/(iw*sar)\\,{high}/ih)"
    fit = f"if(between({room}\\,1\\,1.07)\\,1\\,{room})"
    first = (
        f"[p]scale=w='max(2\\,2*round(iw*sar*{fit}/2))':h='max(2\\,2*round(ih*{fit}/2))'"
        f":eval=frame:flags=bilinear:out_range=tv,pad={wide}:{high}:-1:-1:eval=frame,setsar=1,format=yuv420p"
    )
    for place, rung in enumerate(rungs):
        step = first if place == 0 else f"[n{place}]scale={rung.width}:{rung.height}:flags=bilinear,setsar=1"
        last = place == len(rungs) - 1
        graph.append(f"{step}[v{place}]" if last else f"{step},split[v{place}][n{place + 1}]")
    if detect:
        graph.append(f"[watch]{picture_detectors(made, pipe)}[small]")
    return ";".join(graph)


def picture_detectors(made: Plan, pipe: int | None) -> str:
    """Black at 5 fps on a small grey picture, which also goes to ``watchdog.Stillness``. Every frame is printed:
    that is the watchdog's clock."""
    wide, high = WATCH_SIZE
    filters = [f"fps={DETECTOR_FPS}:start_time={_number(watch_start(made))}"]
    filters += [f"scale={wide}:{high}:flags=area,format=gray"]
    filters += [f"blackdetect=d={BLACK_STEP_S}:pic_th=0.98:pix_th=0.08"]
    filters += ["metadata=mode=add:key=tick:value=1", f"metadata=mode=print:file=pipe\\\\:{pipe}:direct=1"]
    return ",".join(filters)


def sound_graph(made: Plan, thresholds: Thresholds, pipe: int | None) -> str:
    """48 kHz stereo for every rung, gaps filled; silence is looked for on both channels."""
    detect = pipe is not None and made.info.has_audio
    source = 0 if made.info.has_audio else 1
    names = "".join(f"[a{place}]" for place in range(len(made.rungs)))
    shape = f"aresample={SAMPLE_RATE}:async=1,aformat=sample_fmts=fltp:channel_layouts=stereo"
    head = (
        f"[{source}:a:0]{shape},"
        if made.info.has_audio
        else f"[{source}:a:0]asetpts=N/SR/TB+{_number(made.base)}/TB,"
    )
    graph = f"{head}asplit={len(made.rungs) + detect}{names}"
    if not detect:
        return graph
    noise = f"noise={thresholds.silence_dbfs}dB:d={SILENCE_STEP_S}"
    filters = [f"asetnsamples={SAMPLE_RATE // DETECTOR_FPS}:p=0", f"silencedetect={noise}"]
    filters += ["ametadata=mode=add:key=tick:value=1", f"ametadata=mode=print:file=pipe\\\\:{pipe}:direct=1"]
    return f"{graph}[hear];[hear]{','.join([*filters, 'anullsink'])}"


def picture_codec(rung: Rung, fps: Fraction, first: Fraction) -> list[str]:
    """x264 for one rung. Quality is capped by rate: calm pictures cost the city less than the rung allows."""
    kbps = rung.rendition.video_kbps
    now, before = (f"floor(({t}+{_number(first)})/2+0.005)" for t in ("t", "prev_forced_t"))
    grid = f"expr:if(isnan(prev_forced_t),1,gt({now},{before}))"
    command = [
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-profile:v",
        "high" if rung.height > 480 else "main",
    ]
    command += ["-crf", "23", "-maxrate", f"{kbps}k", "-bufsize", f"{kbps * 3 // 2}k"]
    command += [
        "-force_key_frames",
        grid,
        "-forced-idr",
        "1",
        "-g",
        str(math.ceil(fps * 4)),
        "-sc_threshold",
        "0",
    ]
    command += ["-bf", "2", "-rc-lookahead", "10", "-threads", "2" if rung.height > 480 else "1"]
    if rung.height > 480:
        # the large rungs cost most and need fine motion search least: a fifth of all CPU for 3 % of rate
        command += ["-x264-params", "subme=1"]
    return [*command, "-fps_mode:v", "passthrough", "-color_range", "tv"]


def sound_codec(rendition: Rendition) -> list[str]:
    return ["-c:a", "aac", "-b:a", f"{rendition.audio_kbps}k", "-ar", str(SAMPLE_RATE), "-ac", "2"]


def muxer(*, sound_only: bool) -> list[str]:
    """Fragments without edit lists: frag_discont keeps the real start in tfdt, and decoding may begin before the
    first picture is shown since media time begins at 2 s. Composition offsets stay positive; with the negative
    ones of +cmaf ffmpeg's own demuxer shows the picture a frame late. Sound alone is cut fine and joined by
    ``cutter.SoundCutter``."""
    flags = "+empty_moov+default_base_moof+frag_discont+skip_trailer+skip_sidx"
    command = ["-map_metadata", "-1", "-use_editlist", "0", "-avoid_negative_ts", "disabled"]
    command += ["-movflags", flags if sound_only else f"{flags}+frag_keyframe"]
    command += ["-frag_duration", "200000"] if sound_only else []
    # a track that stopped must not hold the other one back for ffmpeg's ten seconds
    return [*command, "-max_interleave_delta", "1500000", "-flush_packets", "1", "-f", "mp4"]
