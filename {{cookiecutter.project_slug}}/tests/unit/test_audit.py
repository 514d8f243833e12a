"""What is recorded, when a request may be answered, and what happens when the disk takes no record."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from auditing import COMMIT, INPUT, Trail, call
from scarce import no_more_room
from service.audit import Options, create_keys, load_keys, load_public_keys
from service.errors import AuditFailed, SettingsError

TESTS = Path(__file__).parents[1]


@pytest.fixture
def trail(tmp_path: Path) -> Trail:
    return Trail(tmp_path)


def process(*arguments: object, before: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
    command = [*before, sys.executable, TESTS / "audit_process.py", *arguments]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS.parent / "src"), str(TESTS)])}
    return subprocess.Popen([str(part) for part in command], env=env, stdout=subprocess.PIPE)


def test_a_record_says_who_was_answered_what_by_which_model(trail: Trail) -> None:
    asked = call("r-1")
    asked.arrived, asked.cached, asked.degraded, asked.rows = 1_700_000_000_123_456_789, True, "fallback", 2

    async def run() -> None:
        audit = trail.audit()
        await audit.record(asked, INPUT, [{"label": "red"}, {"label": "white"}])
        await audit.close()

    asyncio.run(run())
    opening, record = trail.lines()
    assert opening["kind"] == "segment"
    assert record.pop("input")
    assert record == {
        "seq": 2,
        "prev": hashlib.sha256(next(trail.folder.glob("*/*.jsonl")).read_bytes().splitlines(True)[0]).hexdigest(),
        "kind": "decision",
        "time": "2023-11-14T22:13:20.123456Z",
        "principal": "tester",
        "request": "r-1",
        "rows": 2,
        "model": "wine",
        "version": "3",
        "digest": "sha256:ab",
        "commit": COMMIT,
        "output": [{"label": "red"}, {"label": "white"}],
        "cached": True,
        "degraded": "fallback",
    }


def test_what_was_asked_is_nowhere_in_the_trail(trail: Trail) -> None:
    trail.write(["a", "b"])
    everything = b"".join(file.read_bytes() for file in trail.folder.rglob("*") if file.is_file())
    assert b"not-for-the-trail" not in everything
    assert b"41.25" not in everything
    for plain in (hashlib.sha256(INPUT), hashlib.blake2b(INPUT, digest_size=16)):
        assert plain.hexdigest().encode() not in everything


def test_equal_inputs_are_matched_by_the_holder_of_the_key_only(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    mine, other = Trail(tmp_path), Trail(tmp_path / "other")
    for trail in (mine, other):
        trail.write(["a", "b"])
    (one, two), (elsewhere, _) = ([line["input"] for line in t.lines() if "input" in line] for t in (mine, other))
    assert one == two == mine.keys.input_hash(INPUT).hexdigest()
    assert one != elsewhere


def test_an_answer_waits_until_its_record_is_in_the_file(trail: Trail) -> None:
    async def run() -> None:
        audit = trail.audit()
        written = audit.record(call("a"), INPUT, [])
        assert not written.done()
        assert trail.ids() == []
        await written
        assert trail.ids() == ["a"]
        await audit.close()

    asyncio.run(run())


def test_requests_of_one_turn_share_one_write(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    write = os.write

    def counted(handle: int, data: bytes) -> int:
        sizes.append(data.count(b'"decision"'))
        return write(handle, data)

    async def run() -> None:
        audit = trail.audit()
        monkeypatch.setattr(os, "write", counted)
        await asyncio.gather(*(ask(audit, str(n)) for n in range(50)))
        monkeypatch.undo()
        await audit.close()

    asyncio.run(run())
    assert [size for size in sizes if size] == [50]
    assert trail.ids() == [str(n) for n in range(50)]


async def ask(audit: Any, name: str) -> None:
    await audit.record(call(name), INPUT, [0.5])


def test_a_cancelled_request_takes_no_other_with_it(trail: Trail) -> None:
    async def run() -> list[Any]:
        audit = trail.audit()
        tasks = [asyncio.create_task(ask(audit, name)) for name in ("first", "second", "third")]
        await asyncio.sleep(0)
        tasks[1].cancel()
        outcomes: list[Any] = await asyncio.gather(*tasks, return_exceptions=True)
        await audit.close()
        return outcomes

    first, second, third = asyncio.run(run())
    assert first is third is None
    assert isinstance(second, asyncio.CancelledError)
    assert trail.ids() == ["first", "second", "third"]


def test_an_answer_that_cannot_be_put_down_fails_alone(trail: Trail) -> None:
    async def run() -> None:
        audit = trail.audit()
        good = audit.record(call("good"), INPUT, [1])
        with pytest.raises(TypeError):
            audit.record(call("bad"), INPUT, object())
        await good
        await audit.close()

    asyncio.run(run())
    assert trail.ids() == ["good"]
    assert trail.verify().findings == []


def test_files_are_ended_by_size_and_the_chain_goes_on(trail: Trail) -> None:
    trail.write([str(n) for n in range(20)], segment_bytes=2000)
    report = trail.verify(expected=True)
    assert report.findings == report.notes == []
    assert report.writers[0].segments > 3
    assert all(file.stat().st_size < 3000 for file in trail.folder.glob("*/*.jsonl"))
    assert trail.ids() == [str(n) for n in range(20)]
    assert len({head.segment for head in trail.heads}) == report.writers[0].segments


def test_files_are_ended_by_age(trail: Trail) -> None:
    now = 0.0

    async def run() -> None:
        nonlocal now
        audit = trail.audit(segment_seconds=60.0, clock=lambda: now)
        for now in (0.0, 59.0, 60.0, 61.0, 120.0):
            await ask(audit, str(now))
        await audit.close()

    asyncio.run(run())
    assert [line["kind"] for line in trail.lines()].count("segment") == 3


def test_the_head_is_signed_while_writing_and_not_at_each_write(trail: Trail) -> None:
    async def run() -> None:
        audit = trail.audit(seal_seconds=3600.0)
        for n in range(100):
            await ask(audit, str(n))
        assert [head.seq for head in trail.heads] == [1]
        await audit.close()

    asyncio.run(run())
    assert [(head.seq, head.closed) for head in trail.heads] == [(1, False), (101, True)]


def test_the_last_records_before_a_silence_are_signed_too(trail: Trail) -> None:
    async def run() -> None:
        audit = trail.audit(seal_seconds=0.01)
        await ask(audit, "a")
        async with asyncio.timeout(30):
            while trail.heads[-1].seq < 2:
                await asyncio.sleep(0.001)
        assert trail.verify().unsigned == 0
        await audit.close()

    asyncio.run(run())


def test_with_fsync_each_an_answer_waits_for_the_disk(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = 0
    fsync = os.fsync

    def counted(handle: int) -> None:
        nonlocal synced
        fsync(handle)
        synced = max(synced, os.fstat(handle).st_size)

    async def run() -> None:
        audit = trail.audit(fsync_each=True, seal_seconds=3600.0)
        monkeypatch.setattr(os, "fsync", counted)
        for n in range(5):
            await asyncio.gather(ask(audit, f"{n}-a"), ask(audit, f"{n}-b"))
            assert synced == next(trail.folder.glob("*/*.jsonl")).stat().st_size
        monkeypatch.undo()
        await audit.close()

    asyncio.run(run())
    assert len(trail.ids()) == 10


def test_what_comes_while_the_disk_is_waited_for_is_kept_together(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    released, calls = threading.Event(), []
    fsync = os.fsync

    def slow(handle: int) -> None:
        calls.append(handle)
        released.wait(30)
        fsync(handle)

    async def run() -> None:
        audit = trail.audit(fsync_each=True, seal_seconds=3600.0)
        monkeypatch.setattr(os, "fsync", slow)
        tasks = []
        for n in range(5):  # each in a turn of its own
            tasks.append(asyncio.create_task(ask(audit, str(n))))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert not any(task.done() for task in tasks)
        assert trail.ids() == ["0"]
        released.set()
        await asyncio.gather(*tasks)
        assert len(calls) == 2
        monkeypatch.undo()
        await audit.close()

    asyncio.run(run())
    assert trail.ids() == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("policy", ["refuse", "shed"])
def test_a_disk_that_does_not_confirm(trail: Trail, policy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(handle: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    async def run() -> list[Any]:
        audit = trail.audit(fsync_each=True, seal_seconds=3600.0, policy=policy)
        monkeypatch.setattr(os, "fsync", fail)
        outcomes = list(await asyncio.gather(ask(audit, "a"), ask(audit, "b"), return_exceptions=True))
        monkeypatch.undo()
        await ask(audit, "c")
        await audit.close()
        return outcomes

    outcomes = asyncio.run(run())
    assert [isinstance(o, AuditFailed) for o in outcomes] == [policy == "refuse"] * 2
    assert trail.failures("sync") == 1
    assert trail.ids() == ["a", "b", "c"]
    assert trail.verify(expected=True).findings == []


@pytest.mark.parametrize("policy", ["refuse", "shed"])
@pytest.mark.parametrize("kind", ["limit", "torn", "disk"])
def test_a_full_disk(tmp_path: Path, kind: str, policy: str) -> None:
    wrapped = small_disk(tmp_path) if kind == "disk" else ()
    with process(tmp_path, kind, policy, before=wrapped) as running:
        out, _ = running.communicate(timeout=60)
    assert running.returncode == 0
    *said, end, report = map(json.loads, out.splitlines())
    answered, refused = ([line[what] for line in said if what in line] for what in ("answered", "refused"))
    recorded = [line["request"] for line in end["lines"] if line["kind"] == "decision"]
    lost = int(end["failures"]["full"])
    assert lost > 0
    assert end["failures"]["io"] == 0
    assert report["findings"] == []
    assert report["shed"] == (lost if policy == "shed" else 0)
    assert {f"after-{n}" for n in range(10)} <= set(recorded)
    if policy == "shed":
        assert refused == []
        assert set(recorded) <= set(answered)
        assert len(recorded) + lost == len(answered) == 50
    else:
        assert set(answered) == set(recorded)
        assert len(refused) == lost
    assert bool(report["notes"]) == any("torn" in line for line in end["lines"]) == (kind == "torn")


@pytest.mark.parametrize("policy", ["refuse", "shed"])
def test_the_disk_is_tried_again_though_nobody_asks(trail: Trail, policy: Any) -> None:
    """Who refuses is sent no requests, and so would never learn that there is room again."""

    async def run() -> None:
        audit = trail.audit(policy=policy)
        await ask(audit, "before")
        with no_more_room():
            await asyncio.gather(ask(audit, "lost"), return_exceptions=True)
            audit.retry()
            assert audit.problem
        audit.retry()
        assert not audit.problem
        audit.retry()
        await ask(audit, "after")
        await audit.close()

    asyncio.run(run())
    assert trail.ids() == ["before", "after"]
    assert [line["shed"] for line in trail.lines() if "shed" in line] == ([1] if policy == "shed" else [])
    assert trail.verify(expected=True).findings == []


def small_disk(at: Path) -> tuple[str, ...]:
    """What makes a command see a disk of 256 kB there, if one may make such a thing here."""
    mount = f"mount -t tmpfs -o size=256k none {at}"
    before = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh")
    try:
        subprocess.run([*before, "true"], check=True, capture_output=True, timeout=30)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"a small disk cannot be mounted here: {error}")
    return before


def test_killed_while_writing_nothing_answered_is_lost(tmp_path: Path, trail: Trail) -> None:
    """Two processes in one folder, killed; the third begins after them."""
    answered: list[str] = []
    with process(tmp_path, "forever") as one, process(tmp_path, "forever") as two:
        for running in (one, two):
            assert running.stdout
            answered += [json.loads(running.stdout.readline())["answered"] for _ in range(500)]
        for running in (one, two):
            running.send_signal(signal.SIGKILL)
        for running in (one, two):
            assert running.stdout
            answered += [json.loads(line)["answered"] for line in running.stdout if line.endswith(b"\n")]
    trail.write(["later"])
    report = trail.verify(expected=True)
    assert report.findings == []
    assert len(report.writers) == 3
    assert set(answered) <= set(trail.ids())
    assert len(trail.ids()) == len(set(trail.ids()))


def test_a_trail_that_cannot_be_begun(tmp_path: Path, trail: Trail) -> None:
    trail.folder.write_text("in the way", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"trail: the audit trail cannot be begun .*; give a folder"):
        trail.audit()

    async def run() -> None:
        audit = trail.audit(policy="shed")
        await ask(audit, "unrecorded")
        assert audit.problem
        trail.folder.unlink()
        await ask(audit, "recorded")
        assert not audit.problem
        await audit.close()

    asyncio.run(run())
    assert [line.get("shed", line.get("request")) for line in trail.lines()] == [None, 1, "recorded"]
    assert trail.verify(expected=True).findings == []


def test_a_writer_that_is_there_has_a_signed_head(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at whatever moment of its beginning, it leaves no chain that nobody signed."""
    reports = []

    def watched(function: Any) -> Any:
        def watching(*arguments: Any) -> Any:
            reports.append(trail.verify())
            return function(*arguments)

        return watching

    for name in ("write", "fsync", "replace", "rename"):
        monkeypatch.setattr(os, name, watched(getattr(os, name)))
    trail.audit()
    monkeypatch.undo()
    assert len(reports) > 4
    assert [report.findings for report in reports] == [[]] * len(reports)


def test_a_writer_that_cannot_be_begun_leaves_nothing(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for name in ("write", "fsync", "replace", "rename"):
        monkeypatch.setattr(os, name, fail)
        with pytest.raises(SettingsError, match="No space left"):
            trail.audit()
        monkeypatch.undo()
        assert list(trail.folder.iterdir()) == []


def test_after_the_end_nothing_is_answered(trail: Trail) -> None:
    async def run() -> None:
        audit = trail.audit()
        await audit.close()
        with pytest.raises(AuditFailed):
            audit.record(call("late"), INPUT, [])

    asyncio.run(run())
    assert trail.verify().writers[0].closed


def test_keys_are_made_for_their_owner_only_and_never_replaced(tmp_path: Path) -> None:
    signing, hashing = tmp_path / "new" / "signing.pem", tmp_path / "new" / "input.key"
    public = create_keys(signing, hashing)
    keys = load_keys(signing, hashing)
    assert [path.stat().st_mode & 0o077 for path in (signing, hashing)] == [0, 0]
    assert (tmp_path / "new" / "signing.pem.pub").read_text(encoding="ascii").strip() == public
    assert list(load_public_keys([tmp_path / "new" / "signing.pem.pub"]).values()) == [keys.signing.public_key()]
    assert str(keys.input) not in repr(keys)
    for path in (signing, hashing):
        with pytest.raises(SettingsError, match="there is a key already"):
            create_keys(*(path if path is kept else tmp_path / "free" for kept in (signing, hashing)))


@pytest.mark.parametrize("broken", ["signing.pem", "input.key"])
@pytest.mark.parametrize("content", [None, b"", b"nonsense", b"\xff" * 32])
def test_keys_that_cannot_be_used_say_how_to_make_some(tmp_path: Path, broken: str, content: bytes | None) -> None:
    create_keys(tmp_path / "signing.pem", tmp_path / "input.key")
    if content is None:
        (tmp_path / broken).unlink()
    else:
        (tmp_path / broken).write_bytes(content)
    with pytest.raises(SettingsError, match=rf"{broken}: .*python -m service audit keys"):
        load_keys(tmp_path / "signing.pem", tmp_path / "input.key")


def test_a_public_key_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "signing.pem.pub").write_text("AAAA", encoding="ascii")
    with pytest.raises(SettingsError, match="not a public key"):
        load_public_keys([tmp_path / "signing.pem.pub"])


def test_the_default_is_to_refuse() -> None:
    assert Options().policy == "refuse"
