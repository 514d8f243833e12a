"""Whatever is done to a trail is found, and where; what a killed process leaves is no finding."""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auditing import INPUT, Trail, call
from service.audit import Head, heads_in, verify
from service.audit.chain import Chain
from service.audit.report import MAX_LISTED
from service.errors import SettingsError


@pytest.fixture
def trail(tmp_path: Path) -> Trail:
    """One writer, closed: two segments of an opening line and two records each."""
    made = Trail(tmp_path)
    made.write([str(n) for n in range(4)], segment_bytes=800)
    assert [len(file.read_bytes().splitlines()) for file in segments(made)] == [3, 3]
    return made


def segments(trail: Trail) -> list[Path]:
    return sorted(trail.folder.glob("[0-9]*/*.jsonl"))


def writer(trail: Trail) -> Path:
    return segments(trail)[0].parent


def findings(trail: Trail, *, expected: bool = False) -> list[str]:
    return [str(found) for found in trail.verify(expected=expected).findings]


def test_a_sound_trail_is_summed_up(trail: Trail) -> None:
    report = trail.verify(expected=True)
    assert report.findings == report.notes == []
    assert (report.records, report.shed, report.unsigned) == (4, 0, 0)
    times = [line["time"] for line in trail.lines() if line["kind"] == "decision"]
    assert (report.first, report.last) == (times[0], times[-1])
    (summary,) = report.writers
    assert (summary.segments, summary.lines, summary.signed, summary.closed) == (2, 6, 6, True)


def test_any_changed_byte_is_found_where_it_is(trail: Trail) -> None:
    name = writer(trail).name
    places = [(f"{name}/{file.name}", n) for file, n in lines_of(trail)] + [(name, 0)]
    for file in segments(trail):
        sound = file.read_bytes()
        for at in range(len(sound)):
            file.write_bytes(flipped(sound, at))
            found = [(f.file, f.line) for f in trail.verify().findings]
            place = places.index((f"{name}/{file.name}", sound.count(b"\n", 0, at) + 1))
            assert set(found) & set(places[place : place + 2]), (file.name, at, found)
        file.write_bytes(sound)


def test_any_changed_byte_of_the_head_is_found(trail: Trail) -> None:
    head = writer(trail) / "HEAD"
    sound = head.read_bytes()
    for at in range(len(sound)):
        head.write_bytes(flipped(sound, at))
        assert "/HEAD: " in findings(trail)[0], at


def test_a_head_is_spelled_in_one_way_only(trail: Trail) -> None:
    head = writer(trail) / "HEAD"
    sound = head.read_bytes()
    for spelled in (
        sound + b" ",
        sound.replace(b",", b", "),
        sound.replace(b'"closed":true', b'"closed":true,"closed":true'),
    ):
        head.write_bytes(spelled)
        assert findings(trail) != [], spelled


def test_another_spelling_of_the_signature_is_found(trail: Trail) -> None:
    head = writer(trail) / "HEAD"
    sound = head.read_bytes()
    at = sound.rindex(b"==") - 1  # four bits of this letter belong to no byte
    others = [letter for letter in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef" if letter != sound[at]]
    for other in others:
        head.write_bytes(sound[:at] + bytes([other]) + sound[at + 1 :])
        assert "/HEAD: " in findings(trail)[0], chr(other)


def test_a_writer_whose_records_are_gone_is_found_beside_all_others(trail: Trail) -> None:
    trail.write(["later"])
    first, *_, last = segments(trail)
    for segment in segments(trail):
        if segment.parent == first.parent:
            segment.unlink()
    last.write_bytes(last.read_bytes().replace(b"later", b"never"))
    found = findings(trail)
    assert any("there is no segment: all that this writer recorded is gone" in line for line in found)
    assert any(line.startswith(f"{last.parent.name}/{last.name}:2: ") for line in found)


def test_a_head_that_is_no_file_is_not_waited_for(trail: Trail) -> None:
    head = writer(trail) / "HEAD"
    head.unlink()
    os.mkfifo(head)
    assert any("/HEAD: altered: this is no file" in line for line in findings(trail))


def flipped(data: bytes, at: int) -> bytes:
    """The same with one bit changed."""
    return data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]


def lines_of(trail: Trail) -> list[tuple[Path, int]]:
    """File and number of each line."""
    return [(file, n) for file in segments(trail) for n in range(1, len(file.read_bytes().splitlines()) + 1)]


def test_any_dropped_doubled_or_added_line_is_found(trail: Trail) -> None:
    forged = segments(trail)[0].read_bytes().splitlines(keepends=True)[2].replace(b"[0.5]", b"[0.6]")
    for file in segments(trail):
        lines = file.read_bytes().splitlines(keepends=True)
        for at in range(len(lines)):
            for changed in (
                lines[:at] + lines[at + 1 :],
                [*lines[: at + 1], lines[at], *lines[at + 1 :]],
                [*lines[:at], forged, *lines[at:]],
                [*lines[: at + 1], b"\n", *lines[at + 1 :]],
            ):
                file.write_bytes(b"".join(changed))
                assert findings(trail), (file.name, at)
        file.write_bytes(b"".join(lines))
    assert findings(trail) == []


def test_any_two_swapped_lines_are_found(trail: Trail) -> None:
    sound = {file: file.read_bytes().splitlines(keepends=True) for file in segments(trail)}
    for (one, m), (two, n) in combinations(lines_of(trail), 2):
        changed = {file: list(lines) for file, lines in sound.items()}
        changed[one][m - 1], changed[two][n - 1] = sound[two][n - 1], sound[one][m - 1]
        for file, lines in changed.items():
            file.write_bytes(b"".join(lines))
        assert findings(trail), (one.name, m, two.name, n)


def test_a_tail_cut_off_anywhere_is_found(trail: Trail) -> None:
    for file in reversed(segments(trail)):
        sound = file.read_bytes()
        for size in range(len(sound)):
            file.write_bytes(sound[:size])
            assert findings(trail), (file.name, size)
        file.write_bytes(sound)


def lose_first(trail: Trail) -> None:
    segments(trail)[0].unlink()


def lose_last(trail: Trail) -> None:
    segments(trail)[1].unlink()


def swap(trail: Trail) -> None:
    first, second = segments(trail)
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)


def join(trail: Trail) -> None:
    first, second = segments(trail)
    first.write_bytes(first.read_bytes() + second.read_bytes())
    second.unlink()


def double(trail: Trail) -> None:
    shutil.copy(segments(trail)[1], writer(trail) / "000003.jsonl")


def block(trail: Trail) -> None:
    (writer(trail) / "000003.jsonl").mkdir()


def lose_head(trail: Trail) -> None:
    (writer(trail) / "HEAD").unlink()


def foreign_head(trail: Trail) -> None:
    head = writer(trail) / "HEAD"
    head.write_bytes(Head.from_bytes(head.read_bytes()).signed(Ed25519PrivateKey.generate()).to_bytes())


def rename(trail: Trail) -> None:
    writer(trail).rename(trail.folder / "20200101T000000.000000Z-1-00000000")


def copy(trail: Trail) -> None:
    shutil.copytree(writer(trail), trail.folder / "20200101T000000.000000Z-1-00000000")


def stray(trail: Trail) -> None:
    (writer(trail) / "notes.txt").write_text("hello", encoding="utf-8")


def stray_beside(trail: Trail) -> None:
    (trail.folder / "notes.txt").write_text("hello", encoding="utf-8")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lose_first, "000002.jsonl: stands where 000001.jsonl belongs"),
        (lose_last, "cut short: line 6, which HEAD holds, is missing"),
        (swap, "000001.jsonl:1: line 4 of the chain where line 1 belongs"),
        (join, "is not where the segment's opening line belongs"),
        (double, "000003.jsonl:1: line 4 of the chain where line 7 belongs"),
        (block, "cannot be read: [Errno 21] Is a directory"),
        (lose_head, "HEAD: no signed head (No such file or directory)"),
        (foreign_head, "which is none of those that count"),
        (rename, "HEAD: it is the head of 2"),
        (copy, "20200101T000000.000000Z-1-00000000/HEAD: it is the head of 2"),
        (stray, "notes.txt: does not belong here"),
        (stray_beside, "notes.txt: does not belong here"),
    ],
)
def test_what_is_done_to_files_is_found(trail: Trail, harm: Callable[[Trail], None], said: str) -> None:
    harm(trail)
    assert any(said in found for found in findings(trail)), findings(trail)


def test_a_chain_cut_back_to_an_older_head_of_its_own_is_found_by_the_log(tmp_path: Path) -> None:
    trail = Trail(tmp_path)
    kept: dict[int, bytes] = {}

    async def run() -> None:
        audit = trail.audit(seal_seconds=0.001)
        while len(kept) < 3:
            await audit.record(call("a"), INPUT, [])
            seq = trail.heads[-1].seq
            kept.setdefault(seq, trail.heads[-1].to_bytes())
        await audit.close()

    asyncio.run(run())
    for seq, head in kept.items():
        lines = segments(trail)[0].read_bytes().splitlines(keepends=True)
        segments(trail)[0].write_bytes(b"".join(lines[:seq]))
        (writer(trail) / "HEAD").write_bytes(head)
        assert findings(trail) == []  # by itself it is as sound as it was then
        assert any("cut short" in found for found in findings(trail, expected=True))
        segments(trail)[0].write_bytes(b"".join(lines))


def test_a_chain_made_anew_with_the_stolen_key_is_found_by_the_log(trail: Trail) -> None:
    contents = [b"{" + line.split(b",", 2)[2][:-1].replace(b"[0.5]", b"[0.6]") for line in whole(trail)[:3]]
    chain, forged = Chain().extend(contents)
    segments(trail)[1].unlink()
    segments(trail)[0].write_bytes(forged)
    head = Head(writer(trail).name, 1, chain.seq, chain.hash.decode(), "2026-01-01T00:00:00.000000Z", True, "")
    (writer(trail) / "HEAD").write_bytes(head.signed(trail.keys.signing).to_bytes())
    assert findings(trail) == []
    assert findings(trail, expected=True)


def whole(trail: Trail) -> list[bytes]:
    return b"".join(file.read_bytes() for file in segments(trail)).splitlines(keepends=True)


def test_a_lost_writer_is_found_by_who_began_later_or_by_the_log(trail: Trail) -> None:
    lost = writer(trail)
    trail.write(["later"])
    shutil.rmtree(lost)
    assert findings(trail) == [f"{lost.name}: this writer is missing; writer {writer(trail).name} holds its line 6"]
    shutil.rmtree(writer(trail))
    assert findings(trail) == []
    assert len(findings(trail, expected=True)) == 2


def test_a_writer_that_need_not_be_kept_may_be_gone(trail: Trail) -> None:
    shutil.rmtree(writer(trail))
    trail.write(["later"])
    now = datetime.now(UTC)
    for since, gone in ((now - timedelta(hours=1), 1), (now + timedelta(hours=1), 0)):
        assert len(verify(trail.folder, trail.public, trail.heads, since).findings) == gone


def test_a_writer_cut_back_is_found_by_who_began_later(trail: Trail) -> None:
    cut = writer(trail)
    trail.write(["later"])
    segments(trail)[1].unlink()
    (cut / "HEAD").write_bytes(trail.heads[0].to_bytes())
    assert any(f"{cut.name}: cut short: line 6, which writer" in found for found in findings(trail))


def unclosed(home: Path) -> Trail:
    """A trail as a killed process leaves it: only its first line is signed."""
    trail = Trail(home)

    async def run() -> None:
        audit = trail.audit(seal_seconds=3600.0)
        for name in "abc":
            await audit.record(call(name), INPUT, [])

    asyncio.run(run())
    return trail


def test_what_a_killed_process_leaves_is_no_finding(tmp_path: Path) -> None:
    trail = unclosed(tmp_path)
    (file,) = segments(trail)
    sound = file.read_bytes()
    signed = sound.index(b"\n") + 1
    for size in range(signed, len(sound) + 1):
        file.write_bytes(sound[:size])
        report = trail.verify(expected=True)
        left = sound[signed:size]
        assert report.findings == []
        assert [str(note).partition(":")[2] for note in report.notes] == [
            f"{left.count(10) + 2}: half a line: its writer was killed while it wrote"
        ] * (not left.endswith(b"\n") and bool(left))
        assert report.records == report.unsigned == left.count(b"\n")
    (writer(trail) / ".HEAD.123.abcdef").touch()
    (writer(trail) / "000002.jsonl").touch()
    (trail.folder / ".20260101T000000.000000Z-1-00000000").mkdir()
    report = trail.verify(expected=True)
    assert report.findings == []
    assert len(report.notes) == 3


def test_the_unsigned_part_of_a_chain_is_checked_too(tmp_path: Path) -> None:
    trail = unclosed(tmp_path)
    (file,) = segments(trail)
    lines = file.read_bytes().splitlines(keepends=True)
    for changed in (lines[:1] + lines[2:], [lines[0], lines[2], lines[1], lines[3]], [*lines, lines[3]]):
        file.write_bytes(b"".join(changed))
        assert findings(trail)


def test_a_trail_is_sound_at_any_moment_of_its_writing(tmp_path: Path) -> None:
    trail = Trail(tmp_path)

    async def run() -> None:
        audit = trail.audit(segment_bytes=2000, seal_seconds=0.001)
        for number in range(50):
            await audit.record(call(str(number)), INPUT, [])
            report = trail.verify(expected=True)
            assert report.findings == []
            assert report.records == number + 1
        await audit.close()

    asyncio.run(run())


def test_heads_are_read_from_the_log(trail: Trail) -> None:
    logged = [json.dumps({"message": "audit head", "audit_head": msgspec.to_builtins(head)}) for head in trail.heads]
    log = "\n".join(['{"message": "audit_head of another kind"}', "", logged[0], "2026-11-23T10:00:00Z " + logged[1]])
    kept = (writer(trail) / "HEAD").read_bytes()
    assert list(heads_in(io.BytesIO(log.encode() + b"\n" + kept))) == [*trail.heads[:2], trail.heads[-1]]
    with pytest.raises(ValueError, match="writer"):
        list(heads_in([b'{"audit_head": {}}']))


def test_a_head_in_the_log_counts_only_with_a_sound_signature(trail: Trail) -> None:
    head = trail.heads[-1]
    beyond = msgspec.structs.replace(head, seq=99)
    foreign = beyond.signed(Ed25519PrivateKey.generate())
    other = msgspec.structs.replace(head, hash="0" * 64).signed(trail.keys.signing)
    for given, said in ((beyond, "does not fit"), (foreign, "none of those that count"), (other, "two heads")):
        found = verify(trail.folder, trail.public, [head, given]).findings
        assert len(found) == 1
        assert said in found[0].what


def test_signatures_of_a_key_used_before_count_if_it_is_given(trail: Trail, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    renewed = Trail(tmp_path / "new")
    renewed.folder = trail.folder
    renewed.write(["later"])
    assert verify(trail.folder, {**trail.public, **renewed.public}).findings == []
    (found,) = findings(renewed)
    assert next(iter(renewed.public)) in found


def test_lines_after_the_end_of_a_chain_are_found(trail: Trail) -> None:
    head = trail.heads[-1]
    _, more = Chain(head.seq, head.hash.encode()).extend([b'{"kind":"decision","time":""}'])
    with segments(trail)[1].open("ab") as file:
        file.write(more)
    assert any("was ended at line 6, and goes on to line 7" in found for found in findings(trail))


def test_a_file_of_rubbish_gives_no_endless_list(trail: Trail) -> None:
    segments(trail)[1].write_bytes(b"x\n" * 5000)
    report = trail.verify()
    assert len(report.findings) == MAX_LISTED
    assert report.unlisted > 0


@pytest.mark.parametrize("line", [b'{"a":' + b"[" * 100_000, b'{"seq":' + b"9" * 5000 + b"}", b"\xff\x00", b"[]", b""])
def test_lines_made_to_break_the_reader_are_found(trail: Trail, line: bytes) -> None:
    for file in segments(trail):
        sound = file.read_bytes()
        file.write_bytes(line + b"\n" + sound)
        assert any(f"{file.name}:1: altered: not a line of a trail" in found for found in findings(trail))
        file.write_bytes(sound)
    (writer(trail) / "HEAD").write_bytes(line + b"\n")
    assert "HEAD: altered: not a head" in findings(trail)[0]


def test_a_folder_that_is_not_there_is_no_sound_trail(trail: Trail, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such folder"):
        verify(tmp_path / "nowhere", trail.public)
