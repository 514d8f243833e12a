"""Nothing half-written is ever visible: not after an error, not after a kill."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from training.errors import StorageError
from training.storage import switch, write_file, write_folder

SRC = Path(__file__).parents[2] / "src"

LIMITED = """
import resource, signal, sys
from pathlib import Path
from training.errors import StorageError
from training.storage import write_folder
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_folder(Path(sys.argv[1]), {"small": b"new", "large": b"x" * 5000})
except StorageError as error:
    print(error)
"""

STUCK = """
import sys, time
from pathlib import Path
from training.storage import write_folder
class Contents(dict):
    def items(self):
        yield "first", b"new"
        print("half-way", flush=True)
        time.sleep(600)
write_folder(Path(sys.argv[1]), Contents())
"""


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    write_folder(target, {"a": b"1", "deep/b": b"2"})
    write_folder(target, {"c": b"3"})
    assert {p.name for p in target.iterdir()} == {"c"}
    assert [p.name for p in tmp_path.iterdir()] == ["bundle"]


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on file sizes there")
def test_a_disk_that_takes_no_more_leaves_the_old_folder(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    write_folder(target, {"small": b"old"})
    said = subprocess.run(
        [sys.executable, "-c", LIMITED, str(target)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(SRC)},
    ).stdout
    assert str(target) in said
    assert "remedy" in said
    assert {p.name: p.read_bytes() for p in target.iterdir()} == {"small": b"old"}
    assert [p.name for p in tmp_path.iterdir()] == ["bundle"]


def test_a_killed_writer_leaves_the_old_folder_and_the_next_one_works(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    write_folder(target, {"first": b"old"})
    writer = subprocess.Popen(
        [sys.executable, "-c", STUCK, str(target)], stdout=subprocess.PIPE, env={"PYTHONPATH": str(SRC)}
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"half-way\n"
    writer.kill()
    writer.wait()
    writer.stdout.close()
    assert (target / "first").read_bytes() == b"old"
    write_folder(target, {"first": b"new"})
    assert (target / "first").read_bytes() == b"new"


def test_a_file_is_replaced_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "key"
    write_file(path, b"secret", mode=0o600)
    assert path.read_bytes() == b"secret"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_target_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError) as caught:
        write_folder(tmp_path / "file" / "bundle", {"a": b""})
    assert "file" in caught.value.problem
    assert "disk" in caught.value.remedy


def test_a_link_is_switched_in_one_step(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_folder(tmp_path / name, {"name": name.encode()})
        switch(tmp_path / "current", tmp_path / name)
        assert (tmp_path / "current" / "name").read_text() == name
    assert sorted(p.name for p in tmp_path.iterdir()) == ["current", "one", "two"]
