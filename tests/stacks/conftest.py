"""Plans each project once for each environment."""

from functools import cache

import pytest
from generated_service import GeneratedService
from mocks import ENVIRONMENTS, configuration, plan

from stacks.cluster.program import program as cluster
from stacks.secrets.program import program as secrets


@pytest.fixture(params=ENVIRONMENTS)
def environment(request):
    """Each of the environments in turn."""
    return request.param


@pytest.fixture(scope="session")
def cluster_plan():
    """What the cluster's project plans in an environment, as its settings file stands: cluster_plan("prod")."""
    return cache(
        lambda environment: plan(cluster, "airworthy-cluster", environment, configuration("cluster", environment))
    )


@pytest.fixture(scope="session")
def secrets_plan(cluster_plan):
    """What the secrets' project plans in an environment, on what the cluster's gives: secrets_plan("prod")."""

    def planned(environment):
        others = {"airworthy-cluster": cluster_plan(environment).outputs}
        return plan(secrets, "airworthy-secrets", environment, configuration("secrets", environment), others)

    return cache(planned)


@pytest.fixture(scope="session")
def service(project_env):
    """The generated service, to try on it what the stacks hand to it."""
    return GeneratedService(project_env)
