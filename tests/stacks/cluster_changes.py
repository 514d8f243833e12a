"""Plans of the cluster's project after a change of its settings."""

from copy import deepcopy

import pytest
from mocks import configuration, plan

from stacks.cluster.program import program
from stacks.platform.errors import SettingsError


def planned(environment, change=lambda config: None):
    """The plan after a change of a copy of the settings, whose keys are given without the project's name."""
    config = {key.split(":")[1]: value for key, value in deepcopy(dict(configuration("cluster", environment))).items()}
    change(config)
    return plan(program, "airworthy-cluster", environment, {f"airworthy-cluster:{k}": v for k, v in config.items()})


def refused(environment, change):
    with pytest.raises(SettingsError) as error:
        planned(environment, change)
    return str(error.value)
