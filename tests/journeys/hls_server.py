"""A small HLS origin whose playlist grows by the clock and which can be taken away: the player's opponent in tests."""

from __future__ import annotations

import math
import re
import subprocess
import threading
import time
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

SEGMENT_S = 2
TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".vtt": "text/vtt; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}
LADDER = {"180": (320, 180, "200k"), "90": (160, 90, "80k")}


def encode(ffmpeg: str, folder: Path, seconds: int) -> None:
    """Make `{folder}/{rendition}/{n}.m4s` of a test picture with a tone: two pictures and the sound alone."""
    for name, (width, height, rate) in LADDER.items():
        _run(ffmpeg, folder / name, seconds, ["-f", "lavfi", "-i", f"testsrc2=size={width}x{height}:rate=8"], [
            "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-b:v", rate,
            "-force_key_frames", f"expr:gte(t,n_forced*{SEGMENT_S})", "-sc_threshold", "0",
        ])  # fmt: skip
    _run(ffmpeg, folder / "audio", seconds, [], [])


def _run(ffmpeg: str, folder: Path, seconds: int, picture: list[str], coding: list[str]) -> None:
    folder.mkdir(parents=True)
    subprocess.run(
        [
            ffmpeg, "-hide_banner", "-loglevel", "error", *picture,
            "-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000", "-t", str(seconds),
            *coding, "-c:a", "aac", "-b:a", "48k", "-f", "hls", "-hls_time", str(SEGMENT_S),
            "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4", "-hls_segment_filename", "%d.m4s", "vod.m3u8",
        ],
        cwd=folder, check=True, timeout=60,
    )  # fmt: skip


class Origin:
    """Serves pages, built files and one stream under /hls/. `mode`: missing, live, dead or ended."""

    def __init__(self, folder: Path, build: Path, ready: int) -> None:
        self.folder = folder
        self.build = build
        self.pages: dict[str, str] = {}
        self.mode = "live"
        self.began = math.floor(time.time()) - ready * SEGMENT_S
        self.ended_with = 0
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"origin": self}))
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def end(self) -> None:
        self.ended_with = self._ready()
        self.mode = "ended"

    def _ready(self) -> int:
        have = len(list((self.folder / "audio").glob("*.m4s")))
        return min(have, int(time.time() - self.began) // SEGMENT_S)

    def playlist(self, name: str) -> str:
        if name == "index":
            streams = [
                f'#EXT-X-STREAM-INF:BANDWIDTH={int(rate[:-1]) * 1300},RESOLUTION={width}x{height},CODECS="avc1.42c00d,mp4a.40.2"\n{key}.m3u8'
                for key, (width, height, rate) in LADDER.items()
            ]
            return "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n" + "\n".join(streams) + "\n"
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:7",
            f"#EXT-X-TARGETDURATION:{SEGMENT_S}",
            "#EXT-X-MEDIA-SEQUENCE:0",
            f'#EXT-X-MAP:URI="{name}/init.mp4"',
        ]
        durations = re.findall(r"#EXTINF:([\d.]+)", (self.folder / name / "vod.m3u8").read_text())
        count = self.ended_with if self.mode == "ended" else self._ready()
        for number in range(count):
            moment = datetime.fromtimestamp(self.began + number * SEGMENT_S, UTC).isoformat(
                timespec="milliseconds"
            )
            lines += [
                f"#EXT-X-PROGRAM-DATE-TIME:{moment}",
                f"#EXTINF:{durations[number]},",
                f"{name}/{number}.m4s",
            ]
        if self.mode == "ended":
            lines.append("#EXT-X-ENDLIST")
        return "\n".join(lines) + "\n"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    origin: ClassVar[Origin]

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        self.origin.asked.append(path)
        if path in self.origin.pages:
            self._send(self.origin.pages[path].encode(), ".html")
        elif path.startswith("/static/build/"):
            self._file(self.origin.build / path.removeprefix("/static/build/"))
        elif path.startswith("/hls/"):
            self._stream(path.removeprefix("/hls/"))
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _stream(self, path: str) -> None:
        if self.origin.mode == "dead":
            self.close_connection = True
            self.connection.close()
        elif self.origin.mode == "missing":
            self.send_error(HTTPStatus.NOT_FOUND)
        elif path.endswith(".m3u8"):
            self._send(self.origin.playlist(path.removesuffix(".m3u8")).encode(), ".m3u8")
        else:
            self._file(self.origin.folder / path)

    def _file(self, path: Path) -> None:
        if path.is_file():
            self._send(path.read_bytes(), path.suffix)
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _send(self, body: bytes, suffix: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", TYPES.get(suffix, "video/mp4"))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Stay silent."""
