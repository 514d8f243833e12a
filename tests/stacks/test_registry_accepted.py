"""A real API server accepts what the registry's and the observability's projects plan."""

import pytest
from mocks import configuration, plan
from test_accepted import kubectl, namespaces, objects, refused  # noqa: F401 (two are fixtures)

from stacks.observability.program import program as observability
from stacks.registry.program import program as registry

PROGRAMS = {"registry": registry, "observability": observability}


@pytest.fixture
def made(cluster_plan, secrets_plan):
    """The Kubernetes objects of a project in an environment: made("registry", "prod")."""

    def made(project, environment):
        others = {
            "airworthy-cluster": cluster_plan(environment).outputs,
            "airworthy-secrets": secrets_plan(environment).outputs,
        }
        config = configuration(project, environment)
        return list(objects(plan(PROGRAMS[project], f"airworthy-{project}", environment, config, others)))

    return made


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize(("project", "fewest"), [("registry", 5), ("observability", 12)])
def test_every_object_is_accepted(kubectl, made, project, fewest, environment):  # noqa: F811
    found = made(project, environment)
    assert len(found) >= fewest
    for each in found:
        if each["metadata"].get("namespace") == "accepted-node-agents":
            each["metadata"]["namespace"] = "accepted-observability"  # the project's own is not made by this test
    assert refused(kubectl, found) == ""


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize(
    ("project", "kind", "told"),
    [("registry", "Deployment", "containerz"), ("observability", "NetworkPolicy", "containerz")],
)
def test_a_field_that_is_none_would_be_refused(kubectl, made, project, kind, told):  # noqa: F811
    wrong = next(each for each in made(project, "prod") if each["kind"] == kind)
    wrong["spec"][told] = []
    assert told in refused(kubectl, [wrong])
