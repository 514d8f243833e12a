"""Makes the stacks importable, and plans each project once for each environment."""

import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = str(Path(__file__).parents[2])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)


@pytest.fixture(params=("dev", "staging", "prod"))
def environment(request):
    """Each of the environments in turn."""
    return request.param


@pytest.fixture(scope="session")
def cluster_plan():
    """What the cluster's project plans in an environment, as its settings file stands: cluster_plan("prod")."""
    from mocks import configuration, plan
    from stacks.cluster.program import program

    return cache(
        lambda environment: plan(program, "airworthy-cluster", environment, configuration("cluster", environment))
    )


@pytest.fixture(scope="session")
def secrets_plan(cluster_plan):
    """What the secrets' project plans in an environment, on what the cluster's gives: secrets_plan("prod")."""
    from mocks import configuration, plan
    from stacks.secrets.program import program

    def planned(environment):
        others = {"airworthy-cluster": cluster_plan(environment).outputs}
        return plan(program, "airworthy-secrets", environment, configuration("secrets", environment), others)

    return cache(planned)


@pytest.fixture(scope="session")
def service(project_env):
    """The generated service, to try on it what the stacks hand to it."""
    from generated_service import GeneratedService

    return GeneratedService(project_env)
