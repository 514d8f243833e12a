"""The cluster in AWS, as its settings files stand: what it plans in staging and prod, and what it refuses."""

import json
from ipaddress import ip_network

import pytest
from cluster_changes import planned, refused
from mocks import Secret, configuration
from offences import all_offences

from stacks.cluster.control_plane import kubeconfig
from stacks.cluster.network import blocks
from stacks.cluster.settings import ADDONS, PoolSettings

IN_AWS = pytest.mark.parametrize("environment", ["staging", "prod"])


@IN_AWS
class TestNetwork:
    def test_three_zones_with_a_private_and_a_public_subnet_each(self, cluster_plan, environment):
        subnets = cluster_plan(environment).of(":Subnet")
        assert len({each.inputs["availabilityZone"] for each in subnets}) == 3
        assert len(subnets) == 6
        networks = [ip_network(each.inputs["cidrBlock"]) for each in subnets]
        assert not any(one.overlaps(other) for one in networks for other in networks if one is not other)

    def test_private_subnets_leave_by_a_gateway_only(self, cluster_plan, environment):
        found = cluster_plan(environment)
        for route in found.of("ec2/route:Route"):
            by = "natGatewayId" if "private" in route.name else "gatewayId"
            assert by in route.inputs
            assert ("natGatewayId" in route.inputs) != ("gatewayId" in route.inputs)
        gateways = {"staging": 1, "prod": 3}[environment]
        assert len(found.of(":NatGateway")) == len(found.of(":Eip")) == gateways
        used = {route.inputs["natGatewayId"] for route in found.of("ec2/route:Route") if "private" in route.name}
        assert len(used) == gateways

    def test_all_connections_are_recorded(self, cluster_plan, environment):
        found = cluster_plan(environment)
        log = found.one(":FlowLog").inputs
        assert (log["trafficType"], log["vpcId"]) == ("ALL", "network-id")
        kept = found.one(":LogGroup", "flow-logs").inputs["retentionInDays"]
        assert kept == {"staging": 30, "prod": 365}[environment]

    def test_calls_to_aws_stay_inside(self, cluster_plan, environment):
        found = cluster_plan(environment)
        endpoints = {each.inputs["serviceName"].split(".", 3)[-1]: each.inputs for each in found.of(":VpcEndpoint")}
        assert endpoints["s3"]["vpcEndpointType"] == "Gateway"
        assert len(endpoints["s3"]["routeTableIds"]) == 3
        assert {"ecr.api", "ecr.dkr", "secretsmanager", "sts", "kms", "eks-auth"} < set(endpoints)
        for name, inputs in endpoints.items():
            if name != "s3":
                assert inputs["privateDnsEnabled"]
                assert len(inputs["subnetIds"]) == 3
        reach = found.one(":SecurityGroupIngressRule", "endpoints").inputs
        cidr = configuration("cluster", environment)["airworthy-cluster:aws"]["network"]["cidr"]
        assert (reach["cidrIpv4"], reach["fromPort"], reach["toPort"]) == (cidr, 443, 443)

    def test_the_default_group_lets_nothing_through(self, cluster_plan, environment):
        group = cluster_plan(environment).one(":DefaultSecurityGroup").inputs
        assert (group["ingress"], group["egress"]) == ([], [])


@IN_AWS
class TestControlPlane:
    def test_it_is_private_logged_encrypted_and_by_access_entries_only(self, cluster_plan, environment):
        cluster = cluster_plan(environment).one("eks/cluster:Cluster").inputs
        assert cluster["vpcConfig"]["endpointPrivateAccess"]
        assert not cluster["vpcConfig"]["endpointPublicAccess"]
        assert "publicAccessCidrs" not in cluster["vpcConfig"]
        assert set(cluster["enabledClusterLogTypes"]) == {
            "api",
            "audit",
            "authenticator",
            "controllerManager",
            "scheduler",
        }
        assert cluster["encryptionConfig"]["resources"] == ["secrets"]
        assert cluster["accessConfig"] == {
            "authenticationMode": "API",
            "bootstrapClusterCreatorAdminPermissions": False,
        }
        assert cluster["deletionProtection"] is (environment == "prod")
        assert cluster_plan(environment).one("eks/cluster:Cluster").protect is (environment == "prod")

    def test_the_log_group_is_there_before_eks_makes_one_without_encryption(self, cluster_plan, environment):
        found = cluster_plan(environment)
        group = found.one(":LogGroup", "control-plane")
        assert group.inputs["name"] == f"/aws/eks/airworthy-{environment}/cluster"
        assert group.urn in found.one("eks/cluster:Cluster").dependencies

    def test_named_ranges_may_reach_it_and_no_others(self, environment):
        def change(config):
            config["aws"]["control_plane"]["public_ranges"] = ["192.0.2.0/24"]

        reach = planned(environment, change).one("eks/cluster:Cluster").inputs["vpcConfig"]
        assert reach["endpointPublicAccess"]
        assert reach["publicAccessCidrs"] == ["192.0.2.0/24"]

    def test_people_get_what_their_roles_are_given(self, cluster_plan, environment):
        found = cluster_plan(environment)
        groups = {
            each.inputs["principalArn"].rsplit("-", 1)[-1]: each.inputs["kubernetesGroups"]
            for each in found.of(":AccessEntry")
        }
        assert groups == {"admin": [], "deployer": ["airworthy:deployers"], "reader": ["airworthy:readers"]}
        admin = found.one(":AccessPolicyAssociation").inputs
        assert admin["principalArn"].endswith("-admin")

    def test_the_kubeconfig_is_a_secret_and_holds_no_token(self, cluster_plan, environment):
        given = cluster_plan(environment).outputs["kubeconfig"]
        assert isinstance(given, Secret)
        user = json.loads(given.value)["users"][0]["user"]
        assert list(user) == ["exec"]
        assert user["exec"]["command"] == "aws"
        assert cluster_plan(environment).one("pulumi:providers:kubernetes").secrets == {"kubeconfig"}

    def test_data_keys_are_protected(self, cluster_plan, environment):
        key = cluster_plan(environment).one("kms/key:Key")
        assert key.protect
        assert key.retain is (environment == "prod")


@IN_AWS
class TestNodes:
    def test_nodes_answer_no_pod_and_are_tagged(self, cluster_plan, environment):
        found = cluster_plan(environment)
        assert len(found.of(":LaunchTemplate")) == len(found.of(":NodeGroup")) == 2
        for template in found.of(":LaunchTemplate"):
            metadata = template.inputs["metadataOptions"]
            assert (metadata["httpTokens"], metadata["httpPutResponseHopLimit"]) == ("required", 1)
            tagged = {each["resourceType"]: each["tags"] for each in template.inputs["tagSpecifications"]}
            assert tagged["instance"]["environment"] == tagged["volume"]["environment"] == environment

    def test_batch_is_cheap_and_apart(self, cluster_plan, environment):
        found = cluster_plan(environment)
        batch = found.one(":NodeGroup", "nodes-batch")
        assert batch.inputs["capacityType"] == "SPOT"
        assert batch.inputs["taints"] == [{"key": "spot", "value": "true", "effect": "NO_SCHEDULE"}]
        general = found.one(":NodeGroup", "nodes-general")
        assert (general.inputs["capacityType"], general.inputs["taints"]) == ("ON_DEMAND", [])
        assert general.inputs["amiType"] == "AL2023_ARM_64_STANDARD"
        assert "scalingConfig.desiredSize" in general.ignored

    def test_a_pool_with_gpus_is_tainted_and_gets_its_device_plugin(self, environment):
        def change(config):
            config["aws"]["pools"]["gpu"] = {"types": ["g6.xlarge"], "min": 0, "max": 2}
            config["aws"]["device_plugin"] = "0.18.0"

        found = planned(environment, change)
        group = found.one(":NodeGroup", "nodes-gpu").inputs
        assert group["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}]
        assert group["labels"] == {"pool": "gpu", "nvidia.com/gpu.present": "true"}
        assert group["amiType"] == "AL2023_x86_64_NVIDIA"
        assert found.one(":Release", "gpus").inputs["version"] == "0.18.0"
        assert all_offences(found) == []

    def test_every_addon_is_pinned_and_in_its_place(self, cluster_plan, environment):
        found = cluster_plan(environment)
        pinned = configuration("cluster", environment)["airworthy-cluster:aws"]["control_plane"]["addons"]
        addons = {each.name: each for each in found.of(":Addon")}
        assert {name: each.inputs["addonVersion"] for name, each in addons.items()} == pinned
        assert set(pinned) == set(ADDONS)
        group = found.one(":NodeGroup", "nodes-general")
        assert {addons[name].urn for name in ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")} <= after(found, group)
        assert group.urn in after(found, addons["coredns"])
        assert json.loads(addons["vpc-cni"].inputs["configurationValues"])["enableNetworkPolicy"] == "true"

    def test_permissions_to_change_are_tied_to_what_is_ours(self, cluster_plan, environment):
        for each in cluster_plan(environment).of(":RolePolicy"):
            for statement in json.loads(each.inputs["policy"])["Statement"]:
                reads = all(action.split(":")[1].startswith(("Describe", "Get")) for action in statement["Action"])
                assert "*" not in statement["Resource"] or reads or "Condition" in statement, each.name

    def test_nothing_is_put_on_a_cluster_without_nodes(self, cluster_plan, environment):
        found = cluster_plan(environment)
        groups = {each.urn for each in found.of(":NodeGroup")}
        for each in (*found.of("core/v1:Namespace"), found.one(":Release", "autoscaler")):
            assert groups <= after(found, each), each.name

    def test_volumes_are_kept_in_prod(self, cluster_plan, environment):
        made = cluster_plan(environment).one(":StorageClass", "airworthy").inputs
        assert made["reclaimPolicy"] == {"staging": "Delete", "prod": "Retain"}[environment]

    def test_shared_files_are_reached_by_nodes_only_and_by_tls(self, cluster_plan, environment):
        found = cluster_plan(environment)
        system = found.one(":FileSystem")
        assert (system.protect, system.retain) == (True, environment == "prod")
        assert len(found.of(":MountTarget")) == 3
        door = found.one(":SecurityGroupIngressRule", "shared-files").inputs
        assert (door["referencedSecurityGroupId"], door["toPort"]) == ("control-plane-security-group", 2049)
        allow, deny = json.loads(found.one(":FileSystemPolicy").inputs["policy"])["Statement"]
        assert not any("Root" in action for action in allow["Action"])
        assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
        assert found.one(":BackupPolicy").inputs["backupPolicy"] == {"status": "ENABLED"}
        assert found.one(":StorageClass", "efs").inputs["parameters"]["fileSystemId"] == "shared-files-id"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda aws: aws["network"].update(zones=["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
            "not in eu-central-1",
        ),
        (lambda aws: aws["network"].update(cidr="10.0.0.0/24"), "aws.network.cidr: /24 is too small"),
        (lambda aws: aws["network"].update(nat="none"), "aws.network.nat: Input should be 'one' or 'zone'"),
        (lambda aws: aws["control_plane"].update(public_ranges=["0.0.0.0/0"]), "nearly the whole internet"),
        (lambda aws: aws["control_plane"].update(admins=[]), "aws.control_plane.admins"),
        (lambda aws: aws["control_plane"]["addons"].pop("coredns"), "no version for coredns"),
        (lambda aws: aws["control_plane"]["addons"].update(velero="v1"), "aws.control_plane.addons.velero"),
        (lambda aws: aws["pools"]["general"].update(types=["m7g.large", "m7i.large"]), "mixes Graviton and other"),
        (lambda aws: aws["pools"]["general"].update(types=["g6.large", "m7i.large"]), "mixes GPU and other"),
        (lambda aws: aws["pools"]["general"].update(min=9, max=3), "min 9 is above max 3"),
        (lambda aws: aws["pools"].pop("general"), "would run nowhere"),
        (
            lambda aws: aws["pools"].update(gpu={"types": ["g6.xlarge"], "min": 0, "max": 1}),
            "device_plugin: needed",
        ),
        (lambda aws: aws.update(device_plugin="0.18.0"), "device_plugin: needed if a pool has GPUs, and only then"),
    ],
)
def test_what_would_be_found_out_half_an_hour_later_is_refused(change, told):
    assert told in refused("prod", lambda config: change(config["aws"]))


def test_somebody_is_told_before_the_budget_of_the_month_is_gone(cluster_plan):
    told = configuration("cluster", "prod")["airworthy-cluster:aws"]["budget"]
    budget = cluster_plan("prod").one("aws:budgets/budget:Budget").inputs
    assert (budget["limitAmount"], budget["limitUnit"], budget["timeUnit"]) == (str(told["usd"]), "USD", "MONTHLY")
    assert "costFilters" not in budget, "what nobody tagged costs as much"
    by_kind = {one["notificationType"]: one for one in budget["notifications"]}
    assert {kind: one["threshold"] for kind, one in by_kind.items()} == {"ACTUAL": 80, "FORECASTED": 100}
    assert all(one["subscriberEmailAddresses"] == told["tell"] for one in by_kind.values())
    assert "budget.tell.0" in refused("prod", lambda config: config["aws"]["budget"].update(tell=["nobody"]))


@pytest.mark.parametrize(
    ("types", "arm", "gpu"),
    [
        ("m7g.large", True, False),
        ("c8gd.xlarge", True, False),
        ("t4g.small", True, False),
        ("m7i.large", False, False),
        ("g6.xlarge", False, True),
        ("p5.48xlarge", False, True),
        ("g5g.xlarge", True, True),
    ],
)
def test_an_instance_type_says_what_it_is(types, arm, gpu):
    pool = PoolSettings(types=(types,), min=0, max=1)
    assert (pool.arm, pool.gpu) == (arm, gpu)


def test_most_addresses_are_for_pods():
    private, public = blocks(ip_network("10.0.0.0/16"))
    assert [str(block) for block in private] == ["10.0.0.0/18", "10.0.64.0/18", "10.0.128.0/18"]
    assert [str(block) for block in public] == ["10.0.192.0/22", "10.0.196.0/22", "10.0.200.0/22"]


def test_a_kubeconfig_names_its_cluster():
    made = json.loads(kubeconfig("prod", "https://api.example", "AUTHORITY", "eu-central-1"))
    assert made["current-context"] == made["contexts"][0]["name"] == "prod"
    assert made["clusters"][0]["cluster"]["certificate-authority-data"] == "AUTHORITY"
    assert made["users"][0]["user"]["exec"]["args"][-1] == "eu-central-1"


def after(found, resource):
    """The URNs of all that comes before a resource, however indirectly; what its component waits for, it waits for."""
    by_urn = {each.urn: each for each in found}
    seen, open_ = set(), [resource]
    while open_:
        waits = open_.pop()
        for urn in (waits.dependencies | {waits.parent}) & set(by_urn) - seen:
            seen.add(urn)
            open_.append(by_urn[urn])
    return seen
