"""The generated service's own code, run by a Python that has what it needs, on what the stacks hand to it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[2] / "{{cookiecutter.project_slug}}" / "src"

HOLDER = """
from service.auth.key_file import read_records
from service.auth.keys import ApiKeys
found = ApiKeys(read_records(folder / "api-keys.json"), clock=lambda: given["when"]).holder(given["key"].encode())
told = [found.name, sorted(found.scopes)]
"""
AUDIT = """
from service.audit.keys import load_keys
keys = load_keys(folder / "audit-key.pem", folder / "audit-input-key")
told = f"{type(keys.signing).__name__.split('P')[0]} and {len(keys.input)} bytes"
"""
SCOPES = """
from service.auth.principal import SCOPES
told = SCOPES
"""
FRAME = """
import json, sys
from pathlib import Path
from service.errors import ServiceError
given = json.load(sys.stdin)
folder = Path(given["folder"])
try:
    {code}
    print(json.dumps({{"told": told}}))
except ServiceError as error:
    print(json.dumps({{"refused": str(error)}}))
"""


class Refused(Exception):
    """The service does not take it; the text is what it says."""


class GeneratedService:
    """What the service makes of files and keys.

    Args:
        python: of an environment with the service's requirements.
    """

    def __init__(self, python: Path) -> None:
        self._python = python

    def holder(self, api_keys: str, key: str, when: datetime) -> tuple[str, list[str]]:
        """Whose key it is by the file of API keys at a time, and what it allows.

        Raises:
            Refused: the file is malformed, or the key is not known or has expired.
        """
        name, scopes = self._run(HOLDER, {"api-keys.json": api_keys}, key=key, when=when.timestamp())
        return name, scopes

    def audit(self, signing: str, input: str) -> str:
        """The kinds of the audit's two keys.

        Raises:
            Refused: one is none.
        """
        return self._run(AUDIT, {"audit-key.pem": signing, "audit-input-key": input})

    def scopes(self) -> list[str]:
        """All that a key can allow."""
        return self._run(SCOPES, {})

    def _run(self, code: str, files: dict[str, str], **given: Any) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                (Path(folder) / name).write_text(text)
            ran = subprocess.run(
                [self._python, "-c", FRAME.format(code=code.strip().replace("\n", "\n    "))],
                input=json.dumps({**given, "folder": folder}),
                env={**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                text=True,
                check=False,
            )
        assert ran.returncode == 0, ran.stderr
        answer = json.loads(ran.stdout)
        if "refused" in answer:
            raise Refused(answer["refused"])
        return answer["told"]
