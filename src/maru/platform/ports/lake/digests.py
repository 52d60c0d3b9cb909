"""Digests of rows, vectorised: 96 bits that identify a record, 64 bits that tell whether its values changed.

A column's share depends on its name and its values only, so that columns may be added or come in another order. The digests
are written into files and compared years later: they must never change (``test_digests`` holds known values).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Words = npt.NDArray[np.uint64]
KEY_BYTES = 12
SLICE = 1 << 18  # rows worked on at once: bounds the memory, and stays in the processor's cache
_NULL = np.uint64(0x9E3779B97F4A7C15)
_SECOND = np.uint64(0xD1B54A32D192ED03)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def _mix(words: Words) -> Words:
    """The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every bit of the input moves half of the output."""
    mixed = (words ^ (words >> np.uint64(30))) * _M1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _M2
    return mixed ^ (mixed >> np.uint64(31))


@lru_cache(maxsize=4096)
def _seeds(name: str) -> tuple[np.uint64, np.uint64]:
    digest = hashlib.blake2b(name.encode(), digest_size=16).digest()
    first, second = np.frombuffer(digest, dtype="<u8")
    return np.uint64(first), np.uint64(second)


def _texts(column: pa.Array) -> tuple[Words, Words]:
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    blake = hashlib.blake2b
    digests = b"".join(
        [blake((text or "").encode(), digest_size=16).digest() for text in encoded.dictionary.to_pylist()]
    )
    if not digests:
        digests = bytes(16)
    lanes = np.frombuffer(digests, dtype="<u8").reshape(-1, 2)
    indices = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
    return lanes[indices, 0], lanes[indices, 1]


def _cells(column: pa.Array) -> tuple[Words, Words]:
    """Two independent words per cell; those of null cells mean nothing."""
    kind = column.type
    if pa.types.is_dictionary(kind) or pa.types.is_string(kind):
        return _texts(column)
    if pa.types.is_floating(kind):
        numbers = column.fill_null(0.0).to_numpy(zero_copy_only=False) + 0.0  # -0.0 becomes 0.0
        numbers = np.where(np.isnan(numbers), np.nan, numbers)  # one NaN of the many
        raw = np.ascontiguousarray(numbers).view(np.uint64)
    elif pa.types.is_boolean(kind):
        raw = column.fill_null(False).to_numpy(zero_copy_only=False).astype(np.uint64)
    else:
        whole = pc.cast(column, pa.int32()) if pa.types.is_date32(kind) else column
        whole = pc.cast(whole, pa.int64()).fill_null(0)
        raw = whole.to_numpy(zero_copy_only=False).view(np.uint64)
    return raw, raw ^ _SECOND


def _shares(name: str, column: pa.Array, lanes: int, null: bool) -> list[Words]:
    """The column's share of each lane; nulls count for keys, and are nothing in contents."""
    seeds, cells = _seeds(name), _cells(column)
    shares = [_mix(cells[lane] ^ seeds[lane]) for lane in range(lanes)]
    if column.null_count:
        empty = ~column.is_valid().to_numpy(zero_copy_only=False)
        for lane, share in enumerate(shares):
            share[empty] = _mix(np.array([seeds[lane] ^ _NULL]))[0] if null else 0
    return shares


def _slice(
    rows: pa.Table, key: Sequence[str], rest: Sequence[str]
) -> tuple[Words, npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    count = rows.num_rows
    first, second = np.zeros(count, np.uint64), np.zeros(count, np.uint64)
    content = np.full(count, _SECOND)
    for name in key:
        shares = _shares(name, _one(rows, name), 2, null=True)
        first += shares[0]
        second += shares[1]
    for name in rest:
        content += _shares(name, _one(rows, name), 1, null=False)[0]
    content = _mix(content)
    content[content == 0] = 1  # 0 says "gone"
    return _mix(first), (_mix(second) >> np.uint64(32)).astype(np.uint32), content.view(np.int64)


def _one(rows: pa.Table, name: str) -> pa.Array:
    column = rows.column(name)
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def digest(
    rows: pa.Table, key: Sequence[str], rest: Sequence[str]
) -> tuple[Words, npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """Digest of the key's values in two parts (64 and 32 bits), and of the other columns' values (never 0), row by row.

    ``rows`` has the types of ``contracts.ARROW``; text may be dictionary-encoded.
    """
    parts = [_slice(rows.slice(at, SLICE), key, rest) for at in range(0, max(rows.num_rows, 1), SLICE)]
    if len(parts) == 1:
        return parts[0]
    return (
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2] for part in parts]),
    )


def packed(first: Words, second: npt.NDArray[np.uint32]) -> pa.Array:
    """The identity as the column ``_key`` holds it: 12 bytes."""
    raw = np.empty(len(first), dtype=[("first", "<u8"), ("second", "<u4")])
    raw["first"], raw["second"] = first, second
    return pa.Array.from_buffers(pa.binary(KEY_BYTES), len(first), [None, pa.py_buffer(raw.tobytes())])


def unpacked(column: pa.ChunkedArray) -> tuple[Words, npt.NDArray[np.uint32]]:
    """The two parts of the identities in a column ``_key``."""
    firsts, seconds = [np.empty(0, np.uint64)], [np.empty(0, np.uint32)]
    for chunk in column.chunks:
        if not len(chunk):
            continue
        fixed = chunk if pa.types.is_fixed_size_binary(chunk.type) else chunk.cast(pa.binary(KEY_BYTES))
        raw = np.frombuffer(
            fixed.buffers()[1],
            dtype=[("first", "<u8"), ("second", "<u4")],
            count=len(fixed),
            offset=fixed.offset * KEY_BYTES,
        )
        firsts.append(raw["first"])
        seconds.append(raw["second"])
    return np.concatenate(firsts), np.concatenate(seconds)
