"""The registry's stack as the engine would be told of it, in every environment."""

import json
import tomllib
from functools import cache
from hashlib import sha256

import pytest
from mocks import STACKS, configuration, plan
from offences import all_offences
from pulumi.errors import RunError

from stacks.observability.alerts import platform_rules
from stacks.registry.program import program

PROJECT = "airworthy-registry"
ENVIRONMENTS = ("dev", "staging", "prod")
ACCOUNTS = "mlflow-accounts"
IN_AWS = pytest.mark.parametrize("environment", ["staging", "prod"])
HOLDS_DATA = (
    ":PersistentVolumeClaim",
    ":RandomPassword",
    "kubernetes:core/v1:Secret",
    "s3/bucket:Bucket",
    "rds/instance:Instance",
    "kms/key:Key",
    "ecr/repository:Repository",
)


@pytest.fixture(scope="module")
def others(cluster_plan, secrets_plan):
    """What the stacks before this one give, in an environment."""
    return lambda environment: {
        "airworthy-cluster": cluster_plan(environment).outputs,
        "airworthy-secrets": secrets_plan(environment).outputs,
    }


@pytest.fixture(scope="module")
def planned(others):
    """The plan of an environment's file, or of that with some settings replaced: planned("prod", services=["a"])."""

    @cache
    def planned(environment, settings):
        own = {f"{PROJECT}:{key}": value for key, value in json.loads(settings).items()}
        config = {**configuration("registry", environment), **own}
        return plan(program, PROJECT, environment, config, others(environment))

    return lambda environment, **settings: planned(environment, json.dumps(settings))


def data_key(others, environment):
    return others(environment)["airworthy-secrets"]["kms_key_arn"]


def server(plan):
    return plan.one(":Deployment", "mlflow").inputs["spec"]


def container(plan, name="mlflow"):
    return next(found for found in server(plan)["template"]["spec"]["containers"] if found["name"] == name)


def document(text):
    return json.loads(text)["Statement"]


# What is true of everything


def test_it_keeps_the_rules_of_all_stacks(planned, environment):
    assert planned(environment).secrets, "nothing was generated, so the rule on leaks saw nothing"
    assert all_offences(planned(environment)) == []


def test_what_holds_data_is_protected_everywhere_but_in_dev_and_nothing_else_is(planned, environment):
    protected = {found.urn for found in planned(environment) if found.protect}
    data = {found.urn for ending in HOLDS_DATA for found in planned(environment).of(ending)}
    assert data
    assert protected == (set() if environment == "dev" else data)
    retained = {found.urn for found in planned(environment) if found.retain}
    assert retained == (data if environment == "prod" else set())


def test_later_stacks_get_what_they_rely_on(planned, environment):
    outputs = planned(environment).outputs
    assert outputs["tracking_uri"] == "http://mlflow.platform.svc:5000"
    assert set(outputs["image_repositories"]) == {"tumour-diagnosis"}
    assert outputs["artifacts"].startswith("file:///data" if environment == "dev" else "s3://airworthy-")


# MLflow's server


def test_its_pod_is_one_that_pod_security_restricted_lets_in(planned, environment):
    pod = server(planned(environment))["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for part in (*pod["initContainers"], *pod["containers"]):
        context = part["securityContext"]
        assert context["allowPrivilegeEscalation"] is False, part["name"]
        assert context["capabilities"] == {"drop": ["ALL"]}, part["name"]
        assert context["readOnlyRootFilesystem"] is True, part["name"]
        assert part["resources"]["requests"]["cpu"], part["name"]
        assert part["resources"]["limits"]["memory"], part["name"]
    assert {next(iter(set(volume) - {"name"})) for volume in pod["volumes"]} <= {
        "emptyDir",
        "configMap",
        "secret",
        "persistentVolumeClaim",
    }


def test_it_is_behind_passwords_that_stand_in_secrets_only(planned, environment):
    args, own = container(planned(environment))["args"], container(planned(environment))
    assert "--app-name=basic-auth" in args
    assert own["envFrom"] == [{"secretRef": {"name": "mlflow-admin"}}]
    secret = planned(environment).one("core/v1:Secret", "mlflow-admin").inputs["stringData"]
    assert set(secret) == {
        "MLFLOW_AUTH_ADMIN_USERNAME",
        "MLFLOW_AUTH_ADMIN_PASSWORD",
        "MLFLOW_FLASK_SERVER_SECRET_KEY",
    }
    assert len(secret["MLFLOW_AUTH_ADMIN_PASSWORD"]) >= 32
    database = next(arg for arg in args if arg.startswith("--backend-store-uri="))
    assert "@" not in database, "an address with a password would stand in the process listing"
    accounts = container(planned(environment), "accounts")
    (folder,) = [mount for mount in accounts["volumeMounts"] if mount["mountPath"] == accounts["command"][-1]]
    volumes = {volume["name"]: volume for volume in server(planned(environment))["template"]["spec"]["volumes"]}
    assert volumes[folder["name"]]["secret"]["secretName"] == ACCOUNTS


def test_the_service_finds_the_pod_and_the_probes_find_the_port(planned, environment):
    plan, spec = planned(environment), server(planned(environment))
    service = plan.one(":Service", "mlflow").inputs["spec"]
    assert service["selector"].items() <= spec["template"]["metadata"]["labels"].items()
    assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()
    own = container(planned(environment))
    (port,) = own["ports"]
    assert (service["ports"][0]["port"], service["ports"][0]["targetPort"]) == (5000, port["name"])
    assert f"--port={port['containerPort']}" in own["args"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert own[probe]["httpGet"] == {"path": "/health", "port": port["name"]}
    hosts = next(arg for arg in own["args"] if arg.startswith("--allowed-hosts="))
    assert planned(environment).outputs["tracking_uri"].removeprefix("http://") in hosts.split("=")[1].split(",")


def test_the_services_alone_reach_it(planned, environment):
    policy = planned(environment).one(":NetworkPolicy", "mlflow").inputs["spec"]
    assert policy["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": "mlflow"}}
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    (rule,) = policy["ingress"]
    assert rule["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "services"}}}]
    assert rule["ports"] == [{"protocol": "TCP", "port": 5000}]


def test_it_reaches_its_database_and_s3_and_on_a_volume_nobody(planned, others):
    policy = planned("prod").one(":NetworkPolicy", "mlflow").inputs["spec"]
    reached = {(rule["to"][0]["ipBlock"]["cidr"], rule["ports"][0]["port"]) for rule in policy["egress"]}
    assert reached == {
        (others("prod")["airworthy-cluster"]["vpc_cidr"], 5432),
        ("0.0.0.0/0", 443),
        ("169.254.170.23/32", 80),
    }
    assert planned("dev").one(":NetworkPolicy", "mlflow").inputs["spec"].get("egress", []) == []


def test_tables_are_brought_up_to_date_before_any_pod_of_the_new_version_answers(planned, environment):
    spec = server(planned(environment))
    runs, accounts = spec["template"]["spec"]["initContainers"]
    database = next(arg for arg in container(planned(environment))["args"] if arg.startswith("--backend-store-uri="))
    assert runs["args"] == ["db", "upgrade", database.split("=", 1)[1]]
    config = planned(environment).one(":ConfigMap", "mlflow").inputs["data"]["basic_auth.ini"]
    assert f"database_uri = {accounts['command'][-1]}\n" in config
    assert {runs["image"], accounts["image"]} == {container(planned(environment))["image"]}
    assert spec["strategy"]["type"] == "Recreate", "no pod of the old version meets the new tables"


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_a_node_or_zone_may_go_and_a_pod_may_be_drained_while_it_answers(planned, environment):
    plan, spec = planned(environment), server(planned(environment))
    assert spec["replicas"] == 2
    budget = plan.one(":PodDisruptionBudget", "mlflow").inputs["spec"]
    assert budget == {"selector": spec["selector"], "maxUnavailable": 1}
    apart = spec["template"]["spec"]["topologySpreadConstraints"]
    assert {rule["topologyKey"] for rule in apart} == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
    assert all(rule["labelSelector"] == spec["selector"] for rule in apart)


def test_one_pod_alone_has_the_volume_and_no_budget_keeps_its_node(planned):
    assert server(planned("dev"))["replicas"] == 1
    assert not list(planned("dev").of(":PodDisruptionBudget"))


def test_requests_end_before_a_pod_does(planned, environment):
    pod = server(planned(environment))["template"]["spec"]
    assert container(planned(environment))["lifecycle"]["preStop"]["sleep"]["seconds"] > 0
    assert "terminationGracePeriodSeconds" not in pod, "30 seconds by default: 25 for requests after the pause"


def test_a_changed_configuration_restarts_it(planned, environment):
    text = planned(environment).one(":ConfigMap", "mlflow").inputs["data"]["basic_auth.ini"]
    annotations = server(planned(environment))["template"]["metadata"]["annotations"]
    assert sha256(text.encode()).hexdigest() in annotations.values()


def test_the_image_is_of_the_version_that_the_projects_train_with():
    """A client that is newer than its server may ask for what the server does not know."""
    locks = STACKS / "registry/image/requirements.txt", next(STACKS.parent.glob("{{*}}")) / "requirements/training.txt"
    versions = {
        line.split()[0] for lock in locks for line in lock.read_text().splitlines() if line.startswith("mlflow==")
    }
    assert len(versions) == 1, versions
    for environment in ENVIRONMENTS:
        tag = configuration("registry", environment)[f"{PROJECT}:mlflow"]["tag"]
        assert tag.startswith(versions.copy().pop().removeprefix("mlflow==") + "-"), environment


def test_nothing_that_is_left_out_of_the_image_is_locked_for_it():
    left_out = tomllib.loads((STACKS / "registry/image/uv.toml").read_text())["pip"]["no-emit-package"]
    locked = {line.split("==")[0] for line in (STACKS / "registry/image/requirements.txt").read_text().splitlines()}
    assert left_out
    assert locked.isdisjoint(left_out)


# In AWS


def test_dev_needs_no_cloud(planned):
    assert [found.urn for found in planned("dev") if found.type.startswith("aws:")] == []
    claim = planned("dev").one(":PersistentVolumeClaim").inputs
    assert claim["spec"]["resources"]["requests"]["storage"] == "5Gi"
    (volume,) = [v for v in server(planned("dev"))["template"]["spec"]["volumes"] if "persistentVolumeClaim" in v]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]


@IN_AWS
def test_the_database_is_encrypted_backed_up_and_private(planned, others, environment):
    database = planned(environment).one("rds/instance:Instance").inputs
    assert (database["storageEncrypted"], database["kmsKeyId"]) == (True, data_key(others, environment))
    assert database["publiclyAccessible"] is False
    assert database["backupRetentionPeriod"] >= 7, "without, it cannot be restored to a point in time"
    assert database["deletionProtection"] is True
    assert (database["skipFinalSnapshot"], bool(database["finalSnapshotIdentifier"])) == (False, True)
    parameters = planned(environment).one(":ParameterGroup").inputs
    assert {"name": "rds.force_ssl", "value": "1"} in parameters["parameters"]
    assert parameters["family"] == f"postgres{database['engineVersion'].split('.')[0]}"


@IN_AWS
def test_rds_itself_keeps_the_password_and_rotates_it(planned, others, environment):
    database = planned(environment).one("rds/instance:Instance").inputs
    assert (database["manageMasterUserPassword"], database["masterUserSecretKmsKeyId"]) == (
        True,
        data_key(others, environment),
    )
    assert "password" not in database
    login = planned(environment).one(":ExternalSecret", "mlflow-database").inputs["spec"]
    service = login["target"]["template"]["data"]["pg_service.conf"]
    assert "password={{ .password }}" in service.splitlines()
    assert "sslmode=require" in service.splitlines()
    own = container(planned(environment))
    (mount,) = [mount for mount in own["volumeMounts"] if mount["name"] == "postgresql"]
    assert {"name": "PGSERVICEFILE", "value": f"{mount['mountPath']}/pg_service.conf"} in own["env"]
    section = service.splitlines()[0].strip("[]")
    assert f"--backend-store-uri=postgresql+psycopg2:///?service={section}" in own["args"]


@IN_AWS
def test_the_nodes_alone_reach_the_database(planned, others, environment):
    plan = planned(environment)
    rule = plan.one(":SecurityGroupIngressRule").inputs
    nodes = others(environment)["airworthy-cluster"]["nodes_security_group"]
    assert (rule["referencedSecurityGroupId"], rule["fromPort"], rule["toPort"]) == (nodes, 5432, 5432)
    assert "cidrIpv4" not in rule
    group = plan.one("ec2/securityGroup:SecurityGroup")
    assert "ingress" not in group.inputs
    assert plan.one("rds/instance:Instance").inputs["vpcSecurityGroupIds"] == [f"{group.name}-id"]


def test_prod_survives_a_zone_and_a_region(planned):
    plan = planned("prod")
    assert plan.one("rds/instance:Instance").inputs["multiAz"] is True
    key = plan.one("kms/key:Key").inputs
    assert (key["region"], key["enableKeyRotation"]) == ("eu-west-1", True)
    backups = plan.one(":InstanceAutomatedBackupsReplication").inputs
    assert (backups["region"], backups["retentionPeriod"]) == ("eu-west-1", 35)
    (rule,) = plan.one(":BucketReplicationConfig").inputs["rules"]
    assert rule["sourceSelectionCriteria"]["sseKmsEncryptedObjects"]["status"] == "Enabled"
    assert rule["deleteMarkerReplication"]["status"] == "Disabled"
    assert plan.one("s3/bucket:Bucket", "artifacts-replica").inputs["region"] == "eu-west-1"
    versioned = {found.urn for found in plan.of(":BucketVersioning")}
    assert versioned <= plan.one(":BucketReplicationConfig").dependencies, "S3 replicates only what is versioned"


@IN_AWS
def test_every_bucket_is_private_encrypted_and_versioned(planned, environment):
    plan = planned(environment)
    buckets = {found.name: found.inputs["bucket"] for found in plan.of("s3/bucket:Bucket")}
    assert len(buckets) == (2 if environment == "prod" else 1)
    for name, bucket in buckets.items():
        closed = plan.one(":BucketPublicAccessBlock", name).inputs
        assert {"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"} <= {
            key for key, value in closed.items() if value is True
        }
        (rule,) = plan.one(":BucketServerSideEncryptionConfiguration", name).inputs["rules"]
        assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "aws:kms"
        assert rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"] != ""
        assert plan.one(":BucketVersioning", name).inputs["versioningConfiguration"] == {"status": "Enabled"}
        (denial,) = document(plan.one(":BucketPolicy", name).inputs["policy"])
        assert (denial["Effect"], denial["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
        for kind in (":BucketPublicAccessBlock", ":BucketVersioning", ":BucketPolicy"):
            assert plan.one(kind, name).inputs["bucket"] == bucket


@IN_AWS
def test_an_image_never_changes_and_only_the_named_push_and_pull(planned, others, environment):
    plan = planned(environment)
    repositories = plan.of("ecr/repository:Repository")
    assert {found.name for found in repositories} == {"tumour-diagnosis", "mlflow"}
    for found in repositories:
        assert found.inputs["imageTagMutability"] == "IMMUTABLE"
        assert found.inputs["imageScanningConfiguration"] == {"scanOnPush": True}
        assert found.inputs["encryptionConfigurations"] == [
            {"encryptionType": "KMS", "kmsKey": data_key(others, environment)}
        ]
        pull, push = document(plan.one(":RepositoryPolicy", found.name).inputs["policy"])
        ci = [f"arn:aws:iam::000000000000:role/airworthy-{environment}-ci"]
        assert pull["Condition"]["ArnNotEquals"]["aws:PrincipalArn"] == [
            others(environment)["airworthy-cluster"]["nodes_role"],
            *ci,
        ]
        assert push["Condition"]["ArnNotEquals"]["aws:PrincipalArn"] == ci
        assert {pull["Effect"], push["Effect"]} == {"Deny"}
        assert "ecr:BatchGetImage" in pull["Action"]
        assert "ecr:PutImage" in push["Action"]
        assert json.loads(plan.one(":LifecyclePolicy", found.name).inputs["policy"])["rules"]


@IN_AWS
def test_mlflow_may_use_its_bucket_and_key_and_nothing_else(planned, others, environment):
    plan = planned(environment)
    bucket = "arn:aws:s3:eu-central-1:000000000000:artifacts"
    statements = document(plan.one(":RolePolicy", "mlflow-identity").inputs["policy"])
    resources = {resource for statement in statements for resource in statement["Resource"]}
    assert resources == {bucket, f"{bucket}/*", data_key(others, environment)}
    assert not any("*" in action for statement in statements for action in statement["Action"])
    association = plan.one(":PodIdentityAssociation", "mlflow-identity").inputs
    account = plan.one(":ServiceAccount", "mlflow").inputs["metadata"]
    assert (association["namespace"], association["serviceAccount"]) == (account["namespace"], account["name"])
    assert server(planned(environment))["template"]["spec"]["serviceAccountName"] == account["name"]


def test_mlflow_comes_after_its_permissions_and_its_login(planned):
    plan = planned("prod")
    needed = {plan.one(":PodIdentityAssociation", "mlflow-identity").urn, plan.one(":ExternalSecret").urn}
    assert needed <= plan.one(":Deployment").dependencies


# Backups


@IN_AWS
def test_every_hour_somebody_looks_at_the_backups(planned, others, environment):
    plan = planned(environment)
    job = plan.one(":CronJob").inputs
    assert (job["metadata"]["namespace"], job["metadata"]["name"]) == ("platform", "backup-check")
    watched = {rule["expr"] for group in platform_rules("platform", "https://a")["groups"] for rule in group["rules"]}
    assert any(f'cronjob="{job["metadata"]["name"]}"' in expr for expr in watched)
    own = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (look,) = own["containers"]
    files = others(environment)["airworthy-cluster"]["shared_files"]
    database = plan.one("rds/instance:Instance").inputs["identifier"]
    assert look["command"] == ["python", "backups.py", database, files]
    assert look["image"] == container(plan)["image"]
    assert look["securityContext"]["readOnlyRootFilesystem"] is True
    assert own["securityContext"]["runAsNonRoot"] is True
    association = plan.one(":PodIdentityAssociation", "backup-check").inputs
    assert (association["namespace"], association["serviceAccount"]) == ("platform", own["serviceAccountName"])
    assert plan.one(":PodIdentityAssociation", "backup-check").urn in plan.one(":CronJob").dependencies
    allowed = document(plan.one(":RolePolicy", "backup-check").inputs["policy"])
    assert {action for statement in allowed for action in statement["Action"]} == {
        "rds:DescribeDBInstances",
        "elasticfilesystem:DescribeFileSystems",
        "backup:ListRecoveryPointsByResource",
    }


def test_dev_has_no_copies_and_no_look_at_them(planned):
    assert not planned("dev").of(":CronJob")


def test_the_script_of_the_look_is_in_the_image():
    assert "COPY accounts.py backups.py /opt/app/\n" in (STACKS / "registry" / "image" / "Dockerfile").read_text()


# Settings


def test_all_that_is_wrong_is_said_at_once_with_the_remedy(others):
    wrong = {
        f"{PROJECT}:cloud": "aws",
        f"{PROJECT}:owner": "platform",
        f"{PROJECT}:servces": ["a"],
        f"{PROJECT}:mlflow": {"tag": "3.17.2-1", "cpu": "1", "memory": "2GB", "workers": 1},
        f"{PROJECT}:volume": {"size": "1Gi"},
    }
    with pytest.raises(RunError) as error:
        plan(program, PROJECT, "staging", wrong, others("staging"))
    said = str(error.value)
    assert "Pulumi.staging.yaml" in said
    for part in (
        "cost_centre: missing",
        "did you mean services?",
        "mlflow.memory",
        "volume: does nothing",
        "aws: needed",
    ):
        assert part in said, said


@pytest.mark.parametrize(
    ("environment", "path", "value", "told"),
    [
        ("prod", "database.zones", 1, "aws.database.zones must be 2 in prod"),
        ("prod", "artifacts.replica_region", None, "replica_region is needed in prod"),
        ("prod", "artifacts.replica_region", "eu-central-1", "name another region"),
        ("staging", "database.storage_limit_gib", 20, "must be above storage_gib"),
        ("staging", "database.backup_days", 0, "greater than or equal to 1"),
        ("staging", "images.pushers", [], "at least 1"),
    ],
)
def test_a_setting_that_would_lose_data_is_refused(planned, environment, path, value, told):
    block, key = path.split(".")
    aws = configuration("registry", environment)[f"{PROJECT}:aws"]
    with pytest.raises(RunError, match=told):
        planned(environment, aws={**aws, block: {**aws[block], key: value}})


@pytest.mark.parametrize(
    ("environment", "replicas", "told"),
    [("prod", 1, "mlflow.replicas must be at least 2 in prod"), ("dev", 2, "mlflow.replicas must be 1 where cloud is")],
)
def test_as_many_pods_as_the_database_bears(planned, environment, replicas, told):
    mlflow = configuration("registry", environment)[f"{PROJECT}:mlflow"]
    with pytest.raises(RunError, match=told):
        planned(environment, mlflow={**mlflow, "replicas": replicas})


@pytest.mark.parametrize(("services", "told"), [(["a", "a"], "a is there twice"), (["mlflow"], "registry's own image")])
def test_services_are_named_once_and_none_is_the_registry(planned, services, told):
    with pytest.raises(RunError, match=told):
        planned("dev", services=services)


# What the secrets' stack must go on doing


@IN_AWS
def test_the_secrets_stack_has_what_its_login_comes_by(planned, secrets_plan, environment):
    there = secrets_plan(environment)
    stores = {(s.inputs["metadata"]["namespace"], s.inputs["metadata"]["name"]) for s in there.of(":SecretStore")}
    wanted = planned(environment).one(":ExternalSecret", "mlflow-database").inputs
    assert (wanted["metadata"]["namespace"], wanted["spec"]["secretStoreRef"]["name"]) in stores
    reader = planned(environment).one(":RolePolicy", "database-login").inputs["role"]
    assert reader in {role.inputs.get("name") for role in there.of("iam/role:Role")}


def test_the_accounts_are_those_that_the_secrets_stack_brings(secrets_plan, environment):
    there = secrets_plan(environment)
    kind = "core/v1:Secret" if environment == "dev" else ":ExternalSecret"
    assert there.one(kind, ACCOUNTS).inputs["metadata"]["namespace"] == "platform"
    assert there.outputs["registry_accounts"] == ACCOUNTS


def test_the_environments_differ_in_data_only():
    files = {path.name for path in (STACKS / "registry").glob("Pulumi.*.yaml")}
    assert files == {f"Pulumi.{environment}.yaml" for environment in ENVIRONMENTS}
