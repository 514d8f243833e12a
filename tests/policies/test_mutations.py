"""Each single mutation of the generated project is turned down by the control meant for it, and by no other."""

from collections import Counter
from functools import cache
from importlib.util import find_spec

import pytest
from faults import TABLES
from faults.project import CONTROLS, Project, new, planned, prepare

from needs import need, need_time
from readiness.control import Verdict
from readiness.facts.repository import Repository

FAULTS = [fault for table in TABLES for fault in table]
LEAST = 150
# What the generated project does not have yet, or what is not known before a chart is rendered: nothing to take away.
TO_COME = {
    "M1.metrics-scraped",
    "M4.drift-alerted",
    "M4.drift-watched",
    "M4.outcomes-compared",
    "R2.volume-backup",
    "S5.licences-of-dependencies",
}


@pytest.fixture(scope="session")
def project(bake, tmp_path_factory):
    """The default project with the CI of a provider, its evidence, and what it and our stacks plan for prod."""
    need_time(4)
    need(find_spec("pulumi_aws"), "install requirements/stacks.txt")
    folder = tmp_path_factory.mktemp("mutated")

    @cache
    def generated(ci):
        made = bake(folder / ci, ci_provider=ci)
        prepare(made)
        return made

    @cache
    def states():
        return planned(generated("github"), folder / "plan.json")

    @cache
    def project(ci):
        (folder / f"changed-{ci}").mkdir()
        return Project(Repository.at(generated(ci)), states(), folder / f"changed-{ci}")

    return project


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.wrong)
def test_a_mutation_is_turned_down_by_the_control_meant_for_it_and_by_no_other(project, fault):
    whole = project(fault.ci)
    found = new(whole.judged(fault.change), whole.right)
    failing = {one.control.id for one in found if one.verdict is Verdict.FAIL}
    others = {one.control.id: one.finding.message for one in found if one.control.id not in fault.refused}
    assert set(fault.refused) - failing == set(), "nothing turns it down"
    assert {id: message for id, message in others.items() if id not in fault.also} == {}, "others do, too"
    assert set(fault.also) - set(others) == set(), "these were expected to, and do not"


def test_there_are_enough_mutations_and_no_two_are_called_alike():
    assert len(FAULTS) >= LEAST
    assert [name for name, count in Counter(fault.wrong for fault in FAULTS).items() if count > 1] == []


def test_each_control_has_a_mutation_that_it_is_meant_for():
    tried = {id for fault in FAULTS for id in (*fault.refused, *fault.also)}
    assert {control.id for control in CONTROLS} - tried - TO_COME == set(), "add a mutation to tests/policies/faults"
    assert TO_COME - {control.id for control in CONTROLS} == set()
