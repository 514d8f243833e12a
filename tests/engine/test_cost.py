"""The estimate of a month: what is counted, what is marked, and that nothing is left out silently."""

from collections import Counter
from datetime import date

import pytest

from stacks.cost import prices, report
from stacks.cost.command import cost
from stacks.cost.estimate import bill, per_thousand
from stacks.cost.plan import Resource, plan
from stacks.cost.prices import Price, Prices
from stacks.drive import files, order

HERE = "eu-central-1"


def price(item, amount=1.0, unit="hour", region=HERE, verified=True, day=date(2026, 1, 1)):
    return Price(
        item=item, unit=unit, price=amount, region=region, source="https://aws.amazon.com", date=day, verified=verified
    )


POOL = (
    Resource(
        "aws:eks/nodeGroup:NodeGroup",
        "nodes",
        {"instanceTypes": ["m7g.2xlarge", "m8g.2xlarge"], "scalingConfig": {"minSize": 2, "maxSize": 5}},
    ),
    Resource("aws:ec2/launchTemplate:LaunchTemplate", "nodes", {"blockDeviceMappings": [{"ebs": {"volumeSize": 80}}]}),
)


def test_nodes_cost_by_their_size_their_number_and_their_disks():
    made = bill("cluster", POOL, Prices([price("ec2-m7g", 0.1), price("ebs-gp3", 0.2, "GiB-month")], HERE))
    assert [(line.told, line.least, line.most) for line in made.lines] == [
        ("2 to 5 × m7g.2xlarge", pytest.approx(2 * 4 * 0.1 * 730), pytest.approx(5 * 4 * 0.1 * 730)),
        ("2 to 5 disks of 80 GiB", pytest.approx(2 * 80 * 0.2), pytest.approx(5 * 80 * 0.2)),
    ]
    assert made.least == pytest.approx(584 + 32)
    assert not made.unpriced


def test_a_standby_doubles_a_database_and_an_endpoint_costs_in_each_zone():
    database = {"instanceClass": "db.t4g.small", "allocatedStorage": 20, "maxAllocatedStorage": 50, "multiAz": True}
    found = (
        Resource("aws:rds/instance:Instance", "database", database),
        Resource(
            "aws:ec2/vpcEndpoint:VpcEndpoint", "api", {"vpcEndpointType": "Interface", "subnetIds": [None, None, None]}
        ),
        Resource("aws:ec2/vpcEndpoint:VpcEndpoint", "files", {"vpcEndpointType": "Gateway"}),
    )
    table = [price("rds-db.t4g.small"), price("rds-gp3", 1, "GiB-month"), price("interface-endpoint")]
    made = bill("registry", found, Prices(table, HERE))
    assert [line.least for line in made.lines] == [2 * 730, 40, 3 * 730]
    assert [line.most for line in made.lines] == [2 * 730, 100, 3 * 730]


def test_what_cannot_be_priced_is_said():
    found = (
        Resource("aws:new/thing:Thing", "new", {}),
        Resource("aws:s3/bucket:Bucket", "one", {}),
        Resource("aws:s3/bucket:Bucket", "two", {}),
        Resource("aws:kms/key:Key", "key", {}),
        Resource("aws:iam/role:Role", "free", {}),
        Resource("kubernetes:core/v1:Service", "front", {"spec": {"type": "LoadBalancer"}}),
    )
    made = bill("any", found, Prices([], HERE))
    assert not made.lines
    assert made.unpriced == Counter(
        {
            "aws:new/thing:Thing": 1,
            "files, by their size and requests": 2,
            "key: no price of kms-key": 1,
            "load balancer of Service front: no price of load-balancer": 1,
        }
    )


def test_every_sum_that_rests_on_an_uncertain_price_is_marked():
    key, gateway = Resource("aws:kms/key:Key", "key", {}), Resource("aws:ec2/natGateway:NatGateway", "nat", {})

    def lines(*table):
        made = [bill("one", [key], Prices(table, HERE)), bill("two", [gateway], Prices(table, HERE))]
        return [line.endswith(report.MARK) for line in report.page("prod", HERE, made, table, load=1)][1:7]

    sure = price("kms-key", unit="month")
    assert lines(sure, price("nat-gateway")) == [False] * 6
    for doubtful in (price("nat-gateway", verified=False), price("nat-gateway", region="us-east-1")):
        assert lines(sure, doubtful) == [False, False, True, True, True, True]


def test_the_price_of_the_region_wins_and_the_newest_of_it():
    old, new = price("kms-key", 1), price("kms-key", 2, day=date(2026, 2, 1))
    elsewhere = price("kms-key", 3, region="us-east-1", day=date(2026, 3, 1))
    assert Prices([new, old, elsewhere], HERE).find("kms-key") == new


def test_a_thousand_predictions_cost_the_month_by_their_number():
    assert per_thousand(2628, predictions_per_second=1) == pytest.approx(1)
    assert per_thousand(2628, predictions_per_second=100) == pytest.approx(0.01)


def test_the_table_gives_a_source_and_a_past_day_for_each_figure_and_calls_only_what_amazon_says_verified():
    table = prices.load()
    assert len({(entry.item, entry.region, entry.date) for entry in table}) == len(table)
    for entry in table:
        assert entry.date <= date.today(), entry.item
        assert not entry.verified or "amazon" in entry.source, entry.item


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_every_kind_of_thing_that_is_planned_is_priced_or_known_to_cost_nothing_or_by_use(environment):
    told = {}
    for stack in order.ORDER:
        resources = plan(stack, environment, files.read(stack, environment))
        made = bill(stack.name, resources, Prices(prices.load(), HERE))
        told[stack.name] = [reason for reason in made.unpriced if reason.startswith("aws:")]
        assert resources
    assert not any(told.values()), f"say in stacks/cost/measures.py what these cost: {told}"


def test_the_command_tells_an_environment_in_aws_and_one_that_is_there_already():
    page = list(cost("staging", order.chosen(["registry"]), load=50))
    assert page[0].startswith("staging, eu-central-1: US dollars in 730 hours")
    assert any(line.startswith("1,000 predictions, at 50 a second") for line in page)
    assert any("registry: images, by their size" in line for line in page)
    (only,) = cost("dev", order.ORDER, load=50)
    assert only == "dev: on a cluster that is there already; what that costs is not known, and nothing is added"
