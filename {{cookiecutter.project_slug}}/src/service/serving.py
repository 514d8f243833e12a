"""The model being served, and how it is replaced by a newly pulled one without a restart."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import Counter

from service import approval, bundle
from service.approval import Approvers, Statement
from service.batching import Batcher
from service.bundle import Bundle
from service.cost import Cost
from service.errors import ApprovalRefused, BundleError, ServiceError
from service.metrics import Metrics
from service.reader import Reader
from service.session import Session

log = logging.getLogger("service")


@dataclass(frozen=True)
class Engine:
    """What models are run with.

    Attributes:
        metrics: counts batches and reloads.
        parallel: calls of one model in threads at the same time.
        most_waiting: rows that may wait for one model.
        most_rows: rows allowed in one request.
        threads: shared by all models.
    """

    metrics: Metrics = field(default_factory=Metrics)
    parallel: int = 1
    most_waiting: int = 50_000
    most_rows: int = 10_000
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(thread_name_prefix="model"))

    def served(self, found: Bundle, session: Session, statement: Statement) -> Served:
        """Warm a model up, and make ready what answers with it."""
        signature = found.signature
        cost = Cost.measured(session.run, signature.decode(found.golden.rows).blocks)
        batcher = Batcher(
            session.run, cost, self.threads, self.metrics, statement.model, self.most_waiting, self.parallel
        )
        answered = self.metrics.predictions.labels(statement.model, statement.version)
        return Served(found, session, statement, Reader(signature, self.most_rows), batcher, answered)


@dataclass(frozen=True)
class Served:
    """An approved bundle, loaded, checked and warm.

    Attributes:
        bundle, session, approval: what was loaded.
        reader: decodes the usual request.
        batcher: answers rows.
        answered: counts them.
    """

    bundle: Bundle
    session: Session
    approval: Statement
    reader: Reader
    batcher: Batcher
    answered: Counter


def load(folder: Path, approvers: Approvers, engine: Engine | None = None, *, allow_self: bool) -> Served:
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
    return (engine or Engine()).served(found, session, statement)


class Slot:
    """Holds what is being served, and looks for its successor.

    Args:
        folder: the link or folder that ``pull`` switches.
        approvers: file with the public keys of those who may approve; read anew for each bundle.
        allow_self: whether a self-approved bundle will do (local mode).
        engine: what the model is run with.

    Attributes:
        problem: why the newest bundle is not being served; None when it is.
    """

    def __init__(self, folder: Path, approvers: Path, *, allow_self: bool, engine: Engine | None = None) -> None:
        self._folder = folder
        self._approvers = approvers
        self._allow_self = allow_self
        self._engine = engine or Engine()
        self._served: Served | None = None
        self._tried: tuple[str, tuple[int, ...]] | None = None
        self.problem: ServiceError | None = BundleError(f"{folder}: no bundle was loaded yet")

    def get(self) -> Served:
        """What is served now.

        Raises:
            BundleError, ApprovalRefused: nothing is; why not.
        """
        if self._served is None:
            raise _anew(self.problem)
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
            served = load(self._folder, approvers, self._engine, allow_self=self._allow_self)
        except Exception as error:  # whatever is wrong with a new bundle, the one being served stays
            self._refuse(error)
        else:
            self._served, self.problem = served, None
            self._engine.metrics.reloads.labels("loaded").inc()
            log.info("bundle loaded", extra={"digest": served.bundle.digest, "version": served.approval.version})

    def _refuse(self, error: Exception) -> None:
        """Tell why. What the disk did not give is asked for again, told once: its files need not change for that."""
        told, self.problem = self.problem, _anew(error)
        cause = error.__cause__ or error
        if isinstance(cause, OSError) and not isinstance(cause, FileNotFoundError):  # a file that comes is a change
            self._tried = None
            if told and told.detail == self.problem.detail:
                return
        self._engine.metrics.reloads.labels("refused").inc()
        log.error("bundle refused", extra={"bundle": str(self._folder), "reason": self.problem.detail})

    def _state(self) -> tuple[str, tuple[int, ...]]:
        """Changes whenever another bundle is switched in or put there, or the list of approvers is edited."""
        try:
            home = self._folder.resolve()
            files = sorted((home / "bundle").iterdir())
        except (OSError, RuntimeError) as error:  # no folder, or a link that leads to itself
            return str(error), (_changed(self._approvers),)
        return str(home), tuple(map(_changed, (*files, home / approval.APPROVAL, self._approvers)))


def _changed(path: Path) -> int:
    try:
        found = path.stat()
    except OSError:
        return 0
    return hash((found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino))


def _anew(error: Exception | None) -> BundleError | ApprovalRefused:
    """The same refusal without its traceback, which would grow with each raise and keep a refused bundle in memory."""
    if isinstance(error, BundleError | ApprovalRefused):
        return type(error)(error.detail)
    return BundleError(f"the bundle cannot be used: {error}")
