"""What `pulumi up` runs in this folder."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Pulumi puts this folder first; the packages `deploy` and `service` are found beside it.
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from deploy.program import program  # noqa: E402

program()
