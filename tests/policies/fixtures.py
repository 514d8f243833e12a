"""How a folder under policies/fixtures becomes facts. policies/README.md says how to write one."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from readiness.facts import Facts
from readiness.facts.evidence import read as read_evidence
from readiness.facts.manifests import read
from readiness.facts.repository import Repository

FIXTURES = Path(__file__).parents[2] / "policies" / "fixtures"
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
JOINT = "<+>"  # stands inside what would look like a secret, so that no scanner of this repo mistakes it for one


def cases(control, prefix):
    """The fixtures of a control that ought to get a verdict: folders named pass…, fail… or unknown…."""
    return sorted((FIXTURES / control.id).glob(f"{prefix}*"))


def copied(case, folder):
    """A copy of a fixture, or of a stranger's repository, in which the names are those that it would have."""
    copy = folder / case.parent.name / case.name
    shutil.copytree(case, copy)
    for path in sorted(copy.rglob("*"), reverse=True):  # what is inside a folder before the folder
        if path.is_file() and JOINT.encode() in path.read_bytes():
            path.write_bytes(path.read_bytes().replace(JOINT.encode(), b""))
        name = path.name.removesuffix(".fixture")
        path.rename(path.with_name("." + name.removeprefix("dot-") if name.startswith("dot-") else name))
    return copy


def facts_of(case, folder):
    """The facts of a fixture, as `readiness check` would read them."""
    copy = copied(case, folder)
    repository = Repository.at(copy)
    return Facts(repository, read((str(copy),)), read_evidence(repository), "prod", NOW)
