"""Controls of AWS: types and values that the fixtures leave out, and which resources belong together."""

import pytest
from judged import aws, document, messages, refuses, verdicts

from readiness.control import Verdict
from readiness.controls import named

BUCKET = "aws:s3/bucket:Bucket"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
OLD_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
DATABASE = "aws:rds/instance:Instance"
NODES = "aws:eks/nodeGroup:NodeGroup"
NOT_KNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def linked(resource, **inputs):
    """The resource, with inputs that are not known but come from other resources: linked(rule, groupId=group)."""
    state = resource["newState"]
    state["inputs"].update(dict.fromkeys(inputs, NOT_KNOWN))
    state["propertyDependencies"] = {name: [one["newState"]["urn"]] for name, one in inputs.items()}
    return resource


@pytest.mark.parametrize("suffix", ["", "V2"])
def test_both_generations_of_buckets(suffix):
    bucket = aws(f"aws:s3/bucket{suffix}:Bucket{suffix}", bucket="web")
    versions = aws(
        f"aws:s3/bucketVersioning{suffix}:BucketVersioning{suffix}",
        bucket="web",
        versioningConfiguration={"status": "Enabled"},
    )
    default = {"applyServerSideEncryptionByDefault": {"kmsMasterKeyId": "key"}}
    kind = f"aws:s3/bucketServerSideEncryptionConfiguration{suffix}:BucketServerSideEncryptionConfiguration{suffix}"
    key = aws(kind, bucket="web", rules=[default])
    for id, part in (("R2.aws-backups", versions), ("S3.aws-own-key", key)):
        assert refuses(id, bucket)
        assert not refuses(id, bucket, part)
    for id in ("S3.aws-tls", "S3.aws-bucket-closed"):
        assert refuses(id, bucket)
    assert not refuses("R2.aws-undeletable", bucket)


def test_a_part_of_another_bucket_does_not_count():
    one, other = aws(BUCKET, bucket="one"), aws(BUCKET, "other", bucket="other")
    versions = linked(
        aws("aws:s3/bucketVersioning:BucketVersioning", versioningConfiguration={"status": "Enabled"}), bucket=other
    )
    assert not refuses("R2.aws-backups", other, versions)
    assert refuses("R2.aws-backups", one, versions)


def test_whose_part_it_is_may_not_be_known():
    versions = aws(
        "aws:s3/bucketVersioning:BucketVersioning", bucket=NOT_KNOWN, versioningConfiguration={"status": "Enabled"}
    )
    assert verdicts("R2.aws-backups", aws(BUCKET), versions) == {Verdict.NOT_EVALUATED}


@pytest.mark.parametrize(
    ("block", "open"),
    [
        ({"cidrIpv4": "10.0.0.0/8"}, False),
        ({"cidrIpv4": "10.1.2.3/8"}, False),
        ({"cidrIpv4": "8.0.0.0/7"}, True),
        ({"cidrIpv4": "0.0.0.0/0"}, True),
        ({"cidrIpv6": "::/0"}, True),
        ({"cidrIpv6": "2001:db8::/32"}, False),
        ({"referencedSecurityGroupId": "sg-1"}, False),
    ],
)
def test_addresses_of_rules(block, open):
    assert refuses("S3.aws-security-groups", aws(RULE, fromPort=5432, toPort=5432, **block)) is open


@pytest.mark.parametrize(
    ("first", "last", "of_balancer", "open"),
    [
        (443, 443, True, False),
        (80, 80, True, False),
        (80, 443, True, True),
        (0, 443, True, True),
        (22, 22, True, True),
        (443, 443, False, True),
    ],
)
def test_web_ports_of_load_balancers(first, last, of_balancer, open):
    group, other = aws(GROUP), aws(GROUP, "other")
    balancer = linked(aws(BALANCER), securityGroups=group if of_balancer else other)
    rule = linked(aws(RULE, cidrIpv4="0.0.0.0/0", fromPort=first, toPort=last), securityGroupId=group)
    assert refuses("S3.aws-security-groups", group, other, balancer, rule) is open
    inline = {"cidrBlocks": ["0.0.0.0/0"], "fromPort": first, "toPort": last}
    assert refuses("S3.aws-security-groups", aws(GROUP, ingress=[inline]), other, balancer) is open


def test_rules_that_lead_out_let_nobody_in():
    out = {"cidrBlocks": ["0.0.0.0/0"], "fromPort": 0, "toPort": 0}
    with_name = aws(OLD_RULE, type="ingress", **out)
    assert not refuses("S3.aws-security-groups", aws(OLD_RULE, type="egress", **out), aws(GROUP, egress=[out]))
    assert refuses("S3.aws-security-groups", with_name)


@pytest.mark.parametrize(
    ("access", "open"),
    [({"ec2SshKey": "web"}, True), ({"ec2SshKey": "web", "sourceSecurityGroupIds": ["sg-1"]}, False), (None, False)],
)
def test_remote_access_of_nodes(access, open):
    group = aws(NODES, subnetIds=["a", "b"], **({"remoteAccess": access} if access else {}))
    assert refuses("S3.aws-not-public", group) is open


@pytest.mark.parametrize("type", ["aws:ec2/launchTemplate:LaunchTemplate", "aws:ec2/instance:Instance"])
def test_metadata_of_nodes_and_machines(type):
    assert refuses("S3.aws-metadata", aws(type))
    assert not refuses("S3.aws-metadata", aws(type, metadataOptions={"httpTokens": "required"}))


@pytest.mark.parametrize(
    ("engine", "version", "parameters", "safe"),
    [
        ("postgres", "15.4", {}, True),
        ("postgres", "15", {}, True),
        ("postgres", "14.11", {}, False),
        ("postgres", "14.11", {"rds.force_ssl": "1"}, True),
        ("postgres", "16.2", {"rds.force_ssl": "0"}, False),
        ("postgres", "", {}, False),
        ("mysql", "8.4", {"require_secure_transport": "ON"}, True),
        ("mysql", "8.4", {"require_secure_transport": "1"}, True),
        ("mysql", "8.4", {"require_secure_transport": "0"}, False),
        ("mariadb", "11.4", {}, False),
        ("oracle-ee", "19", {}, True),
    ],
)
def test_databases_that_refuse_to_talk_in_clear(engine, version, parameters, safe):
    listed = [{"name": name, "value": value} for name, value in parameters.items()]
    group = aws("aws:rds/parameterGroup:ParameterGroup", name="strict", parameters=listed)
    database = aws(DATABASE, engine=engine, engineVersion=version, parameterGroupName="strict")
    assert refuses("S3.aws-tls", database, group) is not safe


@pytest.mark.parametrize(
    ("protocol", "actions", "safe"),
    [
        ("HTTPS", [{"type": "forward"}], True),
        ("TLS", [{"type": "forward"}], True),
        ("TCP", [{"type": "forward"}], False),
        ("UDP", [{"type": "forward"}], False),
        ("HTTP", [], False),
        ("HTTP", [{"redirect": {"protocol": "HTTPS"}}], True),
        ("HTTP", [{"redirect": {"protocol": "HTTPS"}}, {"type": "forward"}], False),
    ],
)
def test_listeners(protocol, actions, safe):
    assert refuses("S3.aws-tls", aws("aws:lb/listener:Listener", protocol=protocol, defaultActions=actions)) is not safe


@pytest.mark.parametrize(("encrypted", "open"), [("true", True), (True, True), ("false", False), (False, False)])
def test_a_denial_of_what_is_encrypted_is_none_of_what_is_not(encrypted, open):
    condition = {"Bool": {"aws:SecureTransport": encrypted}}
    policy = aws("aws:s3/bucketPolicy:BucketPolicy", bucket="web", policy=document("Deny", Condition=condition))
    assert refuses("S3.aws-tls", aws(BUCKET, bucket="web"), policy) is open


def test_only_the_network_of_a_cluster_needs_private_endpoints():
    vpc, cluster = aws("aws:ec2/vpc:Vpc"), aws("aws:eks/cluster:Cluster")
    missing = ["it has no VpcEndpoint for ecr.api, ecr.dkr, s3, sts, logs"]
    assert messages("S3.aws-private-endpoints", vpc, cluster) == missing
    assert verdicts("S3.aws-private-endpoints", vpc) == set()


@pytest.mark.parametrize(
    ("key", "rotates"),
    [
        ({}, False),
        ({"customerMasterKeySpec": "SYMMETRIC_DEFAULT", "keyUsage": "ENCRYPT_DECRYPT"}, False),
        ({"customerMasterKeySpec": "RSA_2048"}, True),
        ({"keyUsage": "GENERATE_VERIFY_MAC"}, True),
        ({"enableKeyRotation": True}, True),
    ],
)
def test_keys_that_can_be_renewed_are(key, rotates):
    assert refuses("S2.aws-key-rotation", aws("aws:kms/key:Key", **key)) is not rotates


@pytest.mark.parametrize("name", ["secretString", "secretBinary"])
def test_secrets_that_stand_in_the_plan(name):
    type = "aws:secretsmanager/secretVersion:SecretVersion"
    assert refuses("S2.aws-no-literals", aws(type, **{name: "value"}))
    assert not refuses("S2.aws-no-literals", aws(type, **{name: ""}))


def test_a_key_of_your_own_is_asked_of_clusters_of_databases_too():
    assert refuses("S3.aws-own-key", aws("aws:rds/cluster:Cluster"))
    assert not refuses("S3.aws-own-key", aws("aws:rds/cluster:Cluster", kmsKeyId="key"))
    assert named("S3.aws-own-key").mandatory is False


def test_what_must_last_is_asked_for_in_the_environments_that_must():
    database = aws(DATABASE, engine="postgres")
    for id, environments in (
        ("R2.aws-backups", {"staging", "prod"}),
        ("R2.aws-undeletable", {"staging", "prod"}),
        ("R1.aws-zones", {"prod"}),
        ("R1.aws-undeletable", {"prod"}),
    ):
        asked = {one for one in ("dev", "staging", "prod") if verdicts(id, database, aws(BALANCER), environment=one)}
        assert asked == environments


@pytest.mark.parametrize(("kept", "enough"), [(0, False), (6, False), (7, True), (35, True)])
def test_days_of_backups(kept, enough):
    assert refuses("R2.aws-backups", aws(DATABASE, backupRetentionPeriod=kept)) is not enough


@pytest.mark.parametrize(("traffic", "recorded"), [("ALL", True), ("REJECT", True), ("ACCEPT", False)])
def test_records_of_the_network(traffic, recorded):
    vpc = aws("aws:ec2/vpc:Vpc")
    log = linked(aws("aws:ec2/flowLog:FlowLog", trafficType=traffic), vpcId=vpc)
    assert refuses("S5.aws-recorded", vpc, log) is not recorded
