"""What a control says of its fixtures, word for word: what is wrong, where, and the remedy if it is not the usual one.

It stands in the file `said` beside a control's fixtures, to be read in review. AIRWORTHY_SAID=1 writes it anew.
"""

import os

import pytest

from fixtures import FIXTURES, cases, facts_of
from readiness.control import Verdict
from readiness.controls import catalogue

WRITE = "if it ought to say that: AIRWORTHY_SAID=1 make test ONLY=tests/policies/test_said.py"


@pytest.mark.parametrize("control", catalogue(), ids=lambda control: control.id)
def test_a_control_says_what_is_wrong_and_where(control, tmp_path):
    text = "".join(told(control, case, tmp_path) for prefix in ("fail", "unknown") for case in cases(control, prefix))
    written = FIXTURES / control.id / "said"
    if os.environ.get("AIRWORTHY_SAID"):
        written.write_text(text, encoding="utf-8")
    assert text == written.read_text(encoding="utf-8"), WRITE


def told(control, case, folder):
    """The name of a fixture, and below it what the control says of it."""
    facts, lines = facts_of(case, folder), [f"{case.name}\n"]
    for one in control.findings(facts):
        if one.verdict is not Verdict.PASS:
            own = f" -> {one.remedy}" if one.remedy != control.remedy else ""
            lines.append(f"  {one.verdict} {one.file}:{one.line} {one.resource}: {one.message}{own}\n")
    return "".join(lines).replace(f"{facts.repository.root}/", "")
