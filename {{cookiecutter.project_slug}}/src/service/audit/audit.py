"""Records decisions from the event loop: all that are made in one turn of it are written together at its end."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from service.audit.group import Group, Written
from service.audit.keys import Keys
from service.audit.losses import Losses
from service.audit.options import Options
from service.audit.record import Decision, Stamps, encode
from service.audit.sealer import OnHead, Sealer
from service.audit.writer import Writer
from service.call import Call
from service.errors import AuditFailed, SettingsError
from service.metrics import Metrics


class Audit:
    """The trail of this process; to be made once, in the process that records.

    Args:
        trail: folder of the whole trail, which many processes may share.
        keys: of heads and input hashes.
        commit: git commit of the service's code.
        metrics: counts records, and failures by kind: ``full`` and ``io`` (decisions without a record), ``sync`` and
            ``head`` (times that the disk did not confirm what it had taken).
        options: how to keep it.
        on_head: gets each signed head, for the log, which is out of reach for whoever alters files.
        clock: seconds, for the age of files.

    Raises:
        SettingsError: the trail cannot be begun, and the policy is to refuse.
    """

    def __init__(
        self,
        trail: Path,
        keys: Keys,
        commit: str,
        metrics: Metrics,
        options: Options,
        on_head: OnHead,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make = functools.partial(Writer, trail, keys, commit, options, clock)
        self._commit = commit
        self._metrics = metrics
        self._fsync_each = options.fsync_each
        self._hash = keys.input_hash()
        self._stamp = Stamps()
        self._losses = Losses(options.policy, metrics)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="audit")
        self._sealer = Sealer(self._thread, options.seal_seconds, on_head, metrics)
        self._group: Group | None = None
        self._syncing = False
        self._closed = False
        self._writer = self._first_writer(trail, options)

    @property
    def problem(self) -> str:
        """Why nothing can be recorded at present; empty when all is well."""
        return self._losses.problem

    def record(self, call: Call, input: bytes, output: Any) -> Written:
        """Put down one decision. To be called in the event loop.

        Args:
            call: the request, by now with all that the record says of it.
            input: what was asked, in a form in which equal questions have equal bytes; only its keyed hash is kept.
            output: what is answered: anything that msgspec can encode.

        Returns:
            To be awaited before the answer is sent: then the record is in the file. Raises AuditFailed if it is not
            and the policy is to refuse.
        """
        hashed = self._hash.copy()
        hashed.update(input)
        decision = Decision(
            self._stamp(call.arrived),
            call.principal,
            call.request_id,
            call.rows,
            call.model,
            call.version,
            call.digest,
            self._commit,
            hashed.hexdigest(),
            output,
            call.cached,
            call.degraded,
        )
        content = encode(decision)
        group = self._group or self._open_group(call.arrived)
        group.contents.append(content)
        return group.written

    def retry(self) -> None:
        """See whether the disk takes something again, as nobody may ask while it does not. To be called in the loop."""
        if not self.problem or self._group is not None or self._syncing:
            return
        try:
            if self._writer is not None:
                self._writer.renew()
            self._sealer.soon(self._append(self._losses.gap()))
        except OSError as error:
            self._losses.failed(error)
            if self._writer is not None and self._writer.retired:  # one segment more, and the disk full again
                self._sealer.soon(self._writer)

    async def close(self) -> None:
        """Write what waits, sign the last head and end the trail in good order."""
        self._closed = True
        while self._group:
            with suppress(AuditFailed):
                await self._group.written
        if gap := self._losses.gap():
            with suppress(OSError):
                self._append(gap)
        if self._writer:
            await self._sealer.last(self._writer)
        self._thread.shutdown()

    def _open_group(self, first: int) -> Group:
        if self._closed:
            raise AuditFailed("the service is being stopped")
        loop = asyncio.get_running_loop()
        self._group = group = Group(first, loop)
        loop.call_soon(self._flush)
        return group

    def _flush(self) -> None:
        """Write what came in this turn. While a sync is waited for it is collected; the end of the wait flushes."""
        group = self._group
        if group is None or self._syncing:
            return
        self._group = None
        try:
            writer = self._append(self._losses.gap() + group.contents)
        except OSError as error:
            self._losses.lost(group, error)
            return
        if self._fsync_each:
            self._sync(group, writer)
        else:
            self._keep(group)
        self._sealer.soon(writer)

    def _append(self, contents: list[bytes]) -> Writer:
        if self._writer is None:
            self._writer = self._begin()
        self._writer.append(contents)
        self._losses.over()
        return self._writer

    def _begin(self) -> Writer:
        writer = self._make()
        self._sealer.begun(writer)
        return writer

    def _sync(self, group: Group, writer: Writer) -> None:
        self._syncing = True
        synced = asyncio.get_running_loop().run_in_executor(self._thread, writer.sync())
        synced.add_done_callback(lambda done: self._synced(group, done.exception()))

    def _synced(self, group: Group, error: BaseException | None) -> None:
        self._syncing = False
        if error is None:
            self._keep(group)
        else:
            self._losses.unsynced(group, error)
        self._flush()

    def _keep(self, group: Group) -> None:
        self._metrics.audit_records.inc(len(group.contents))
        group.keep()

    def _first_writer(self, trail: Path, options: Options) -> Writer | None:
        """Who must record does better not to start; who may answer without begins when the disk lets it."""
        try:
            return self._begin()
        except OSError as error:
            if options.policy == "refuse":
                raise SettingsError(
                    f"{trail}: the audit trail cannot be begun ({error.strerror}); give a folder that can be written"
                ) from error
            self._losses.failed(error)
            return None
