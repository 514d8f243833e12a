"""Our stacks in AWS as in prod, by the real engine: data and foundation are protected, and data outlives its stack."""

import pytest
from pulumi import automation as auto

from engine.estate import Estate
from engine.life import Life
from engine.test_staging import DATA

FOUNDATION = frozenset({"aws:ec2/vpc:Vpc", "aws:eks/cluster:Cluster", "kubernetes:core/v1:Namespace"})


class TestProd(Life):
    environment = "prod"
    changes = (("cluster", "aws.network.flow_log_days", "400", {"flow-logs"}),)
    protected = (DATA | FOUNDATION, frozenset({"aws:eks/nodeGroup:NodeGroup"}))


def test_a_failure_in_the_middle_is_gone_on_from(runs):
    estate = Estate(runs, "prod")
    with runs.standin.refusing("nodes-general"), pytest.raises(auto.errors.CommandError, match="told to fail"):
        estate.up("cluster")
    before = runs.standin.calls.copy()
    runs.standin.calls.clear()
    assert "network" in {call.name for call in before}
    told = estate.up("cluster")["cluster"]
    assert told["same"] > 50
    assert "update" not in told
    assert "replace" not in told
    assert not set(before) & set(runs.standin.calls), "nothing is made twice"
    assert "nodes-general" in runs.standin.touched()
