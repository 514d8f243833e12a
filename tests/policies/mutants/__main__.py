"""Which faults in the controls would no test notice? ``make mutants [MODULE=rbac]`` tells.

Exit code: 0 when each survivor is known to be no fault (``equivalent.toml``), 1 when one is not, 2 when tests fail
without any fault.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[2] / "policies"), str(HERE.parent)]

from mutants.reviewed import Reviewed  # noqa: E402
from mutants.source import Mutant  # noqa: E402
from mutants.trial import Trial  # noqa: E402

CONTROLS = HERE.parents[2] / "policies" / "readiness" / "controls"
NAMES = ("test_fixtures.py", "test_said.py", "test_pod_security.py", "test_kept_out.py", "test_pipelines.py")
TESTS = [path for name in (*NAMES, "test_*_controls.py") for path in sorted(HERE.parent.glob(name))]
# Left out is what asks an API server, what tries at random, and, for the time, what tries each control on each fixture.
CHOSEN = "not api_server and not whatever_kind and not no_other_control"


class Tally:
    """Counts what became of mutants, and shows those that no test noticed."""

    def __init__(self, reviewed: Reviewed) -> None:
        self.reviewed, self.counts = reviewed, dict[str, list[int]]()

    def __call__(self, mutant: Mutant, killed: bool) -> None:
        known = not killed and self.reviewed.knows(mutant)
        counts = self.counts.setdefault(mutant.path.stem, [0, 0, 0])
        counts[0 if killed else 1 if known else 2] += 1
        if not killed and not known:
            shown = [f"- {line}" for line in mutant.was.splitlines()] + [
                f"+ {line}" for line in mutant.now.splitlines()
            ]
            print(f"{mutant.path}:{mutant.line}", *shown, "", sep="\n", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", help="names of modules of controls, or paths; default: all controls")
    parser.add_argument("--tests", nargs="+", type=Path, default=TESTS)
    parser.add_argument("--equivalent", type=Path, default=HERE / "equivalent.toml")
    chosen = parser.parse_args()
    named = [Path(name) if name.endswith(".py") else CONTROLS / f"{name}.py" for name in chosen.modules]
    paths = [path.resolve() for path in named or sorted(CONTROLS.glob("[!_]*.py"))]
    for path in paths:
        if not path.is_file():
            parser.error(f"there is no {path}; MODULE is the name of a file in {CONTROLS}, without .py")
    tally = Tally(Reviewed.read(chosen.equivalent))
    options = ["-p", "no:cacheprovider", "-qq", "--no-summary", "-k", CHOSEN]
    code = pytest.main([*options, *map(str, chosen.tests)], plugins=[Trial(paths, tally)])
    for name, (killed, known, open) in tally.counts.items():
        print(f"{name}: {killed} killed, {known} equivalent, {open} survived")
    return code or (1 if any(open for _, _, open in tally.counts.values()) else 0)


if __name__ == "__main__":
    sys.exit(main())
