"""Whether the cluster that kubeconfig files name is there."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

TIMEOUT = 5.0
"""Seconds for a cluster to accept a connection."""


def problems(files: Sequence[Path], context: str) -> Iterator[str]:
    """A line if no cluster of this context answers; an empty one means the files' current context."""
    there = [file for file in files if file.is_file()]
    if not there:
        yield f"no cluster: {files[0]} does not exist; start one (kind create cluster) or set KUBECONFIG"
        return
    try:
        merged = _merged(there)
    except yaml.YAMLError as error:
        yield f"KUBECONFIG: {' '.join(str(error).split())}"
        return
    name = context or merged["current-context"]
    cluster = merged["clusters"].get(merged["contexts"].get(name, {}).get("cluster"), {})
    if not name:
        yield f"{there[0]} has no current context: kubectl config use-context NAME"
    elif "server" not in cluster:
        known = ", ".join(merged["contexts"]) or "none"
        yield f"{there[0]} has no context {name} with a cluster (contexts: {known}); set context in the settings file"
    elif trouble := _unreachable(cluster["server"]):
        yield f"cluster {name} at {cluster['server']} does not answer ({trouble}); start it, or choose another context"


def _merged(files: Sequence[Path]) -> dict[str, Any]:
    """Contexts and clusters by name; as with kubectl the first file that names something wins."""
    merged: dict[str, Any] = {"current-context": "", "contexts": {}, "clusters": {}}
    for file in files:
        found = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        merged["current-context"] = merged["current-context"] or found.get("current-context") or ""
        for kind in ("contexts", "clusters"):
            for entry in found.get(kind) or ():
                merged[kind].setdefault(entry["name"], entry[kind[:-1]])
    return merged


def _unreachable(server: str) -> str:
    """Why nothing accepts connections at a URL; empty if something does."""
    address = urlsplit(server)
    port = address.port or {"https": 443, "http": 80}[address.scheme]
    try:
        socket.create_connection((address.hostname or "", port), timeout=TIMEOUT).close()
    except OSError as error:
        return error.strerror or str(error)
    return ""
