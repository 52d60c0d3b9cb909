"""The journal survives whatever happens between two lines."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maru.services.live.engine.contracts import SegmentSet, SourceKind
from maru.services.live.engine.timeline import Timeline

T0 = 1_479_261_600.0  # 16 November 2016, 11:00 in Seoul


def segments(number: int, start: float, session: str = "p", duration: float = 2.0) -> SegmentSet:
    files = {"360p": f"src/{session}/360p/{number:06d}.m4s"}
    return SegmentSet(session, number, start, duration, files)


def test_entries_come_back_as_they_were(tmp_path: Path) -> None:
    timeline = Timeline(tmp_path / "t.jsonl")
    for n in range(3):
        timeline.append(segments(n + 1, T0 + 2 * n), "primary")
    entries = list(timeline.entries)
    timeline.close()
    again = Timeline(tmp_path / "t.jsonl")
    assert again.entries == entries
    assert [entry.seq for entry in entries] == [0, 1, 2]
    assert not any(entry.discontinuity for entry in entries)


def test_a_gap_is_a_jump_of_the_date_and_a_discontinuity(tmp_path: Path) -> None:
    timeline = Timeline(tmp_path / "t.jsonl")
    timeline.append(segments(1, T0), "primary")
    late = timeline.append(segments(5, T0 + 8), "primary")
    assert late.pdt == T0 + 8 and late.discontinuity and late.dsn == 1


def test_an_overlap_never_moves_the_date_back(tmp_path: Path) -> None:
    timeline = Timeline(tmp_path / "t.jsonl")
    timeline.append(segments(1, T0), "primary")
    entry = timeline.append(segments(9, T0 + 1.2, "b"), "backup")
    assert entry.pdt == T0 + 2 and entry.discontinuity


@pytest.mark.parametrize(
    "tail", [b'{"seq":2,"pdt"', b"\x00\x00\x00\x00\n", b"garbage\n", b'{"seq": "x"}\n', b"[]\n"]
)
def test_a_torn_last_line_is_cut_off(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "t.jsonl"
    timeline = Timeline(path)
    timeline.append(segments(1, T0), "primary")
    timeline.append(segments(2, T0 + 2), "primary")
    timeline.close()
    whole = path.read_bytes()
    path.write_bytes(whole + tail)
    again = Timeline(path)
    assert path.read_bytes() == whole
    assert again.append(segments(3, T0 + 4), "primary").seq == 2


def test_a_lost_line_inside_keeps_the_numbers_true(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    timeline = Timeline(path)
    for n in range(4):
        timeline.append(segments(n + 1, T0 + 2 * n), "primary")
    timeline.close()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"?" * 20 + b"\n" + lines[2] + lines[3])
    again = Timeline(path)
    assert [entry.seq for entry in again.entries] == [2, 3]


def test_a_full_disk_leaves_journal_and_memory_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.jsonl"
    timeline = Timeline(path)
    timeline.append(segments(1, T0), "primary")
    before, real = path.read_bytes(), os.write

    def half(descriptor: int, data: bytes | memoryview) -> int:
        real(descriptor, bytes(data)[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OSError, match="No space"):
        timeline.append(segments(2, T0 + 2), "primary")
    monkeypatch.setattr(os, "write", real)
    assert path.read_bytes() == before and len(timeline.entries) == 1
    assert timeline.append(segments(2, T0 + 2), "primary").seq == 1


def test_waiting_numbers_are_reserved_over_a_power_cut(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    timeline = Timeline(path)
    for n in range(40):
        timeline.append_waiting(segments(n % 15 + 1, T0 + 2 * n, "soon"))
    last = timeline.last
    assert last is not None
    timeline.close()
    assert path.read_bytes().count(b"\n") == 1
    (tmp_path / "window.json").unlink()
    again = Timeline(path)
    entry = again.append_waiting(segments(1, T0 + 100, "soon"))
    assert entry.seq > last.seq and entry.dsn > last.dsn


def test_the_waiting_window_goes_on_after_a_kill(tmp_path: Path) -> None:
    timeline = Timeline(tmp_path / "t.jsonl")
    for n in range(9):
        timeline.append_waiting(segments(n + 1, T0 + 2 * n, "soon"))
    listed = timeline.listed()
    again = Timeline(tmp_path / "t.jsonl")
    assert again.listed() == listed and len(listed) == 6
    assert again.append(segments(1, T0 + 18, "p"), "primary").seq == 9
    assert [entry.kind for entry in again.listed()] == ["soon"] * 6 + ["primary"]
    for n in range(6):
        again.append(segments(n + 2, T0 + 20 + 2 * n, "p"), "primary")
    assert {entry.kind for entry in again.listed()} == {"primary"}


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["append", "slate", "waiting", "kill", "tear", "power"]),
        st.floats(-3.0, 9.0),
        st.sampled_from(["a", "b"]),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_numbers_and_dates_never_go_back(tmp_path_factory: pytest.TempPathFactory, acts: list) -> None:
    path = tmp_path_factory.mktemp("t") / "t.jsonl"
    timeline, number = Timeline(path), {"a": 0, "b": 0, "s": 0}
    seq, dsn, end = -1, -1, 0.0

    for act, jump, session in acts:
        if act in ("kill", "tear", "power"):
            timeline.close()
            if act == "tear":
                with path.open("ab") as file:
                    file.write(b'{"seq":999999,"pdt":1')
            if act == "power":
                path.with_name("window.json").unlink(missing_ok=True)
            timeline = Timeline(path)
            continue
        if act == "waiting" and timeline.entries:
            continue
        who = session if act == "append" else "s"
        number[who] += 1
        kinds: dict[str, SourceKind] = {"a": "primary", "b": "backup", "s": "slate"}
        one = segments(number[who], max(T0, (timeline.end or T0) + jump), who)
        entry = timeline.append_waiting(one) if act == "waiting" else timeline.append(one, kinds[who])
        assert entry.seq > seq and entry.dsn >= dsn
        if act != "waiting" and timeline.entries[:-1]:
            assert entry.pdt >= end - 1e-5 and entry.seq == seq + 1
        seq, dsn, end = entry.seq, entry.dsn, entry.end
        listed = timeline.listed()
        assert [e.seq for e in listed] == list(range(listed[0].seq, listed[0].seq + len(listed)))
    timeline.close()
