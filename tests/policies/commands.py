"""Runs the gate as people and CI do: as a command, in a repository of its own."""

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

from fixtures import copied

POLICIES = Path(__file__).parents[2] / "policies"
STRANGERS = Path(__file__).parent / "strangers"


def readiness(folder, *arguments, stdin=b"", first=None):
    """Exit code, output and errors of the command; never a traceback. ``first`` is called in its process."""
    known = {**os.environ, "PYTHONPATH": str(POLICIES), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "readiness", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=folder, input=stdin, capture_output=True, env=known, timeout=120, preexec_fn=first
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def full_disk(folder, *arguments):
    """The same, where no file can grow beyond a kilobyte, as on a disk that is full."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))

    return readiness(folder, *arguments, first=limit)


def report(folder, *arguments):
    """The report of `readiness check` in JSON."""
    return json.loads(readiness(folder, "check", ".", "--format", "json", *arguments)[1])


def stranger(name, folder):
    """A stranger's repository, as a clone of it would be."""
    repo = copied(STRANGERS / name, folder)
    for arguments in (("init", "-q"), ("add", "--all"), ("commit", "-q", "-m", "Start")):
        git(repo, *arguments)
    return repo


def git(folder, *arguments):
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    done = subprocess.run(["git", *identity, "-C", str(folder), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()
