"""The audit trail: one record for each decision, in a form in which nothing can be changed, dropped or added unseen.

Each process writes a chain of its own, ``FOLDER/WRITER/000001.jsonl`` and on: JSON Lines, in which every line carries
its number and the SHA-256 of the line before (its newline included, so ``sed -n 7p FILE | sha256sum`` gives the
``prev`` of line 8). The chain's head is signed with Ed25519 into ``FOLDER/WRITER/HEAD`` and handed to the log as well.

What that shows and what it cannot: who may write the folder but has no signing key cannot alter anything up to the last
head unseen. Who holds the key too can, unless the heads in the log are compared (``verify(…, expected=…)``), which is
why they go there. What was written after the last head is chained but not signed yet, so its end can be rewritten.

An answer is given when its record is in the file, so killing the process loses none. Losing power can take what was
not forced onto the disk yet: as much as ``seal_seconds`` of it, or nothing with ``fsync_each``.
"""

from service.audit.audit import Audit
from service.audit.head import Head, heads_in
from service.audit.keys import Keys, create_keys, load_keys, load_public_keys
from service.audit.options import Options, Policy
from service.audit.report import Finding, Report
from service.audit.verify import verify

__all__ = [
    "Audit",
    "Finding",
    "Head",
    "Keys",
    "Options",
    "Policy",
    "Report",
    "create_keys",
    "heads_in",
    "load_keys",
    "load_public_keys",
    "verify",
]
