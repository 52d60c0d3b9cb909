"""AMF0, the way RTMP writes its commands, read with hard limits because strangers send it."""

from __future__ import annotations

import struct
from typing import TypeAlias, Union

AmfValue: TypeAlias = Union[bool, float, str, "dict[str, AmfValue]", "list[AmfValue]", None]

MAX_DEPTH = 8
MAX_ITEMS = 1024  # in one message, over all nesting
MAX_STRING = 65_535
_NUMBER = struct.Struct(">d")
_SHORT = struct.Struct(">H")
_LONG = struct.Struct(">I")


class AmfError(ValueError):
    """The bytes are no AMF0, or more of it than an honest encoder sends."""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.items = 0

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.data):
            raise AmfError("truncated")
        piece = self.data[self.at : end]
        self.at = end
        return piece

    def text(self, size: struct.Struct) -> str:
        length = int(size.unpack(self.take(size.size))[0])
        if length > MAX_STRING:
            raise AmfError("string too long")
        return self.take(length).decode("utf-8", "replace")

    def pairs(self, depth: int) -> dict[str, AmfValue]:
        found: dict[str, AmfValue] = {}
        while True:
            name = self.text(_SHORT)
            if self.at < len(self.data) and self.data[self.at] == 9:
                self.at += 1
                return found
            found[name] = self.value(depth + 1)

    def value(self, depth: int) -> AmfValue:
        self.items += 1
        if depth > MAX_DEPTH or self.items > MAX_ITEMS:
            raise AmfError("nested too deep" if depth > MAX_DEPTH else "too many values")
        marker = self.take(1)[0]
        if marker == 0:
            return float(_NUMBER.unpack(self.take(8))[0])
        if marker == 1:
            return self.take(1) != b"\0"
        if marker == 2:
            return self.text(_SHORT)
        if marker in (12, 15):
            return self.text(_LONG)
        if marker in (5, 6, 13):
            return None
        return self._compound(marker, depth)

    def _compound(self, marker: int, depth: int) -> AmfValue:
        if marker == 3:
            return self.pairs(depth)
        if marker == 8:
            self.take(4)  # the announced count is only a hint, and often 0
            return self.pairs(depth)
        if marker == 16:
            self.text(_SHORT)  # class name
            return self.pairs(depth)
        if marker == 10:
            count = int(_LONG.unpack(self.take(4))[0])
            if count > MAX_ITEMS:
                raise AmfError("too many values")
            return [self.value(depth + 1) for _ in range(count)]
        if marker == 11:
            stamp = float(_NUMBER.unpack(self.take(8))[0])
            self.take(2)  # time zone, reserved
            return stamp
        raise AmfError(f"marker {marker} is not known")


def decode(data: bytes) -> list[AmfValue]:
    """All values of one message. Dates become milliseconds, references and undefined None.

    Raises AmfError for anything malformed or beyond MAX_DEPTH, MAX_ITEMS, MAX_STRING.
    """
    reader = _Reader(bytes(data))
    values: list[AmfValue] = []
    while reader.at < len(reader.data):
        values.append(reader.value(0))
    return values


def _name(text: str) -> bytes:
    raw = text.encode()
    if len(raw) > MAX_STRING:
        raise AmfError("string too long")
    return _SHORT.pack(len(raw)) + raw


def encode_value(value: AmfValue, *, ecma: bool = False) -> bytes:
    """One value; ``ecma`` writes a dict as the ECMA array that FLV metadata wants."""
    if value is None:
        return b"\x05"
    if isinstance(value, bool):
        return b"\x01" + bytes([value])
    if isinstance(value, int | float):
        return b"\x00" + _NUMBER.pack(value)
    if isinstance(value, str):
        return b"\x02" + _name(value)
    if isinstance(value, list):
        return b"\x0a" + _LONG.pack(len(value)) + b"".join(encode_value(item) for item in value)
    body = b"".join(_name(name) + encode_value(item) for name, item in value.items()) + b"\0\0\x09"
    return (b"\x08" + _LONG.pack(len(value)) if ecma else b"\x03") + body


def encode(*values: AmfValue) -> bytes:
    """The values one after the other, as a command message carries them."""
    return b"".join(encode_value(value) for value in values)
