"""What the figures were measured on and with."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import project
from serving.servers import PEERS, SERVERS, Server
from serving.stage import Stage

NAMED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", re.MULTILINE)


def describe(stage: Stage) -> dict[str, object]:
    """Machine, date and versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": project.commit(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "wrk": _wrk(),
        "packages": _pinned(stage.project / "requirements" / "service.txt", ("uvicorn", "fastapi", "onnxruntime")),
        "peers": {server.name: peer_version(server) for server in SERVERS if server.package},
    }


def peer_version(server: Server) -> str:
    """The version of the package that a peer is named after."""
    return _pinned(PEERS / server.name / "requirements.txt", (server.package,))[server.package]


def _pinned(lock: Path, names: tuple[str, ...]) -> dict[str, str]:
    versions = dict(NAMED.findall(lock.read_text(encoding="utf-8")))
    return {name: versions[name] for name in names}


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def _wrk() -> str:
    said = subprocess.run(["wrk", "-v"], capture_output=True, text=True).stdout
    return said.split(maxsplit=2)[1].removeprefix("debian/") if said else "unknown"
