"""Every control is tried on the smallest input that it must accept and the smallest that it must refuse."""

import pytest

from fixtures import FIXTURES, cases, facts_of
from readiness.control import Control, Verdict
from readiness.controls import MODULES, catalogue

CONTROLS = catalogue()
ADVICE = {
    "D3.image-healthcheck",
    "G2.owners-review",
    "M3.summary",
    "M5.no-print",
    "S3.aws-own-key",
    "S4.vulnerability-scan",
    "S5.licences-of-dependencies",
}
NEVER_WAIVED = {"S5.evidence-sound", "S5.waivers-sound"}


def said(control, facts):
    return {finding.verdict for finding in control.findings(facts)}


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
def test_a_control_accepts_what_is_right_and_refuses_what_is_wrong(control, tmp_path):
    right, wrong, unknown = (cases(control, prefix) for prefix in ("pass", "fail", "unknown"))
    assert right, f"policies/fixtures/{control.id}/pass is missing"
    assert wrong or unknown, f"policies/fixtures/{control.id}/fail is missing"
    for case in right:
        assert said(control, facts_of(case, tmp_path)) == {Verdict.PASS}, case
    for case in wrong:
        assert Verdict.FAIL in said(control, facts_of(case, tmp_path)), case
    for case in unknown:
        assert said(control, facts_of(case, tmp_path)) == {Verdict.NOT_EVALUATED}, case


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
def test_what_a_control_refuses_no_other_control_refuses_with_it(control, tmp_path):
    """The wrong fixture differs from the right one in what this control is about, and in nothing else that matters."""
    accepted = complaints(control, cases(control, "pass"), tmp_path)
    for case in cases(control, "fail"):
        also = case / "also-refused"
        allowed = set(also.read_text().split()) if also.exists() else set()
        others = complaints(control, [case], tmp_path) - accepted - {control.id}
        assert others == allowed, f"{case} is refused by others, too; make it smaller or list them in {also.name}"


def complaints(control, fixtures, folder):
    """The controls of the same kind that do not pass one of these fixtures."""
    found = set()
    for case in fixtures:
        facts = facts_of(case, folder)
        same = (other for other in CONTROLS if other.kind == control.kind)
        found |= {other.id for other in same if said(other, facts) - {Verdict.PASS}}
    return found


def test_each_fixture_belongs_to_a_control():
    assert {folder.name for folder in FIXTURES.iterdir()} == {control.id for control in CONTROLS}


def test_ids_are_unique_and_each_module_lists_all_its_controls():
    ids = [control.id for control in CONTROLS]
    assert sorted(set(ids)) == sorted(ids)
    for name, kind in MODULES.items():
        module = __import__(f"readiness.controls.{name}", fromlist=["CONTROLS"])
        made = {one.id for one in vars(module).values() if isinstance(one, Control)}
        assert made == {one.id for one in module.CONTROLS}, f"{name}.CONTROLS leaves one out"
        assert {one.kind for one in module.CONTROLS} == {kind}, f"{name} holds another kind than MODULES says"


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
def test_a_control_says_why_and_what_to_do(control):
    assert all((control.title, control.why, control.remedy, control.sources))
    assert not control.title.endswith(".")
    assert not control.why.endswith(".")


def test_these_are_only_advice_and_those_nobody_may_waive():
    assert {control.id for control in CONTROLS if not control.mandatory} == ADVICE
    assert {control.id for control in CONTROLS if not control.waivable} == NEVER_WAIVED
