"""Controls that tools ask about one object at a time judge it by nothing else; those that could be asked so, are."""

from contextlib import suppress

import pytest

from fixtures import FIXTURES, facts_of
from readiness.controls import catalogue
from readiness.facts.resources import WrongShape
from readiness.facts.unknown import UnknownValue
from readiness.facts.workloads import Container, Workload

NEXT_TO_NOTHING = {"D1.image-exact": "asks AWS's resources alone, of which no manifest holds any"}


class Watched:
    """Facts that remember whether a control looked at anything in them."""

    def __init__(self, facts):
        self.facts, self.looked = facts, False

    def __getattr__(self, name):
        self.looked = True
        return getattr(self.facts, name)


@pytest.fixture(scope="module")
def looks(tmp_path_factory):
    """For each control that is asked about workloads or containers of any fixture: whether it looks beside them."""
    found = {}
    for case in sorted(FIXTURES.glob("*/*/")):
        facts = facts_of(case, tmp_path_factory.mktemp("case"))
        for control in catalogue("resources"):
            for subject in control.subjects(facts):
                if isinstance(subject, Workload | Container):
                    found[control.id] = found.get(control.id, False) or looks_beside(control, subject, facts)
    return found


def looks_beside(control, subject, facts):
    watched = Watched(facts)
    with suppress(UnknownValue, WrongShape):  # it had looked until then, or it had not
        list(control.judge(subject, watched))
    return watched.looked


def test_a_control_is_asked_alone_if_it_looks_at_its_workload_only(looks):
    alone = {control.id for control in catalogue("resources") if control.alone}
    assert {id for id, beside in looks.items() if not beside} | NEXT_TO_NOTHING.keys() == alone
