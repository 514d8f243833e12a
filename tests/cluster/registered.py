"""Registers and approves releases that are folders: run with a project's own Python and source.

python registered.py TRACKING_URI MODEL FOLDER…, with SRC of the project on PYTHONPATH
"""

import sys
import tempfile
from pathlib import Path

from service import approval, bundle
from training import settings

settings.load()  # silences telemetry, so before the library that has some

from training.registry import Registry  # noqa: E402


def main(uri, model, folders):
    registry = Registry(uri, model, Path.cwd())
    with tempfile.TemporaryDirectory() as empty:
        for folder in map(Path, folders):
            run = registry.log_run({}, {}, {}, Path(empty))
            digest = bundle.read(folder / "bundle").digest
            version = registry.register(run, folder / "bundle", digest, {})
            registry.approve(version, (folder / approval.APPROVAL).read_text(encoding="utf-8"))
            print(version.version)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
