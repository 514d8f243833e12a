"""The model being served, and how it is replaced by a newly pulled one without a restart."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service import approval, bundle
from service.approval import Approvers, Statement
from service.bundle import Bundle
from service.errors import ApprovalRefused, BundleError, NotFound, ServiceError
from service.session import Session
from service.signature import Decoded

log = logging.getLogger("service")


@dataclass(frozen=True)
class Served:
    """An approved bundle, loaded and checked."""

    bundle: Bundle
    session: Session
    approval: Statement

    async def run(self, decoded: Decoded) -> NDArray[np.float32]:
        """Answer off the event loop: ONNX Runtime lets go of the interpreter lock while it computes."""
        return await asyncio.to_thread(self.session.run, decoded.blocks)


def load(folder: Path, approvers: Approvers, *, allow_self: bool) -> Served:
    """Read a bundle and its approval, and refuse it unless everything about it is as it should be.

    Raises:
        BundleError: the bundle is missing or altered, or disagrees with its golden rows.
        ApprovalRefused: the approval is missing or does not verify.
    """
    home = folder.resolve()  # one generation, though the link may be switched meanwhile
    found = bundle.read(home / "bundle")
    try:
        text = (home / approval.APPROVAL).read_bytes()
    except OSError as error:
        raise ApprovalRefused(f"{home / approval.APPROVAL}: no approval came with the bundle") from error
    statement = approval.verify(approval.Approval.from_json(text), found, approvers, allow_self=allow_self)
    session = Session(found.model, found.signature)
    session.check(found.golden)
    return Served(found, session, statement)


class Slot:
    """Holds what is being served, and looks for its successor.

    Args:
        folder: the link or folder that ``pull`` switches.
        approvers: file with the public keys of those who may approve; read anew for each bundle.
        allow_self: whether a self-approved bundle will do (local mode).

    Attributes:
        problem: why the newest bundle is not being served; None when it is.
    """

    def __init__(self, folder: Path, approvers: Path, *, allow_self: bool) -> None:
        self._folder = folder
        self._approvers = approvers
        self._allow_self = allow_self
        self._served: Served | None = None
        self._tried: tuple[str, tuple[int, ...]] | None = None
        self.problem: ServiceError | None = BundleError(f"{folder}: no bundle was loaded yet")

    def get(self, name: str | None = None, version: str | None = None) -> Served:
        """What is served now.

        Raises:
            BundleError, ApprovalRefused: nothing is; why not.
            NotFound: it is not the model or version asked for.
        """
        if self._served is None:
            raise _anew(self.problem)
        statement = self._served.approval
        if (name is not None and name != statement.model) or (version is not None and version != statement.version):
            raise NotFound(f"this service has model {statement.model!r} in version {statement.version} only")
        return self._served

    @property
    def served(self) -> Served | None:
        """What is served now, if anything."""
        return self._served

    @property
    def ready(self) -> bool:
        """Whether predictions can be answered."""
        return self._served is not None

    def refresh(self) -> None:
        """Load what the folder holds if that changed; keep the old one if the new one is refused."""
        state = self._state()
        if state == self._tried:
            return
        self._tried = state
        try:
            approvers = approval.load_approvers(self._approvers)
            served = load(self._folder, approvers, allow_self=self._allow_self)
        except Exception as error:  # whatever is wrong with a new bundle, the one being served stays
            self.problem = _anew(error)
            log.error("bundle refused", extra={"bundle": str(self._folder), "reason": self.problem.detail})
        else:
            self._served, self.problem = served, None
            log.info("bundle loaded", extra={"digest": served.bundle.digest, "version": served.approval.version})

    async def watch(self, seconds: float) -> None:
        """Refresh every so many seconds, until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            await asyncio.to_thread(self.refresh)

    def _state(self) -> tuple[str, tuple[int, ...]]:
        """Changes whenever another bundle is switched in or put there, or the list of approvers is edited."""
        home = self._folder.resolve()
        watched = (home / "bundle" / bundle.MANIFEST, home / approval.APPROVAL, self._approvers)
        return str(home), tuple(map(_changed, watched))


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _anew(error: Exception | None) -> BundleError | ApprovalRefused:
    """The same refusal without its traceback, which would grow with each raise and keep a refused bundle in memory."""
    if isinstance(error, BundleError | ApprovalRefused):
        return type(error)(error.detail)
    return BundleError(f"the bundle cannot be used: {error}")
