"""Reading YAML without its traps, and saying where a file is wrong."""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from training.errors import TrainingError


class _StrictLoader(yaml.SafeLoader):
    """Refuses a repeated key, of which the last would win, and reads ``1e-3`` as the number it is."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key.value, str) and key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key.value}' is given twice", key.start_mark
                )
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def read_mapping(path: Path, error: type[TrainingError], remedy: str) -> dict[Any, Any]:
    """Read a YAML file whose top level is a mapping.

    Raises:
        TrainingError: of the class ``error``: no such file (with ``remedy``), not UTF-8, malformed (with its
            line), or no mapping.
    """
    try:
        data = yaml.load(path.read_bytes().decode("utf-8-sig"), _StrictLoader)
    except OSError as failed:
        raise error(f"{path}: cannot be read ({failed.strerror})", remedy) from failed
    except UnicodeDecodeError as failed:
        raise error(f"{path}: not UTF-8 (byte {failed.start + 1})", "save the file as UTF-8") from failed
    except yaml.MarkedYAMLError as failed:
        mark = failed.problem_mark or failed.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        problem = f"{path}{line}: malformed YAML: {failed.problem or failed.context}"
        raise error(problem, "correct that line; often an indent, a missing space after ':' or a quote") from failed
    except yaml.YAMLError as failed:
        raise error(f"{path}: malformed YAML: {failed}", "remove the character that YAML does not allow") from failed
    if not isinstance(data, dict):
        raise error(f"{path}: holds no mapping of keys to values", remedy)
    return data
