"""AWS: what keeps data, what answers whom, who may do what, what is written down."""

import json

from faults.fault import fault
from faults.planned import Planned, added
from faults.secrets import PASSWORD

DATABASE, BUCKET, TRACES = Planned("Instance", "database"), Planned("Bucket", "artifacts"), Planned("Bucket", "traces")
CLUSTER, KEY, VPC = Planned("Cluster", "control-plane"), Planned("Key", "key"), Planned("Vpc", "network")
FILES, NODES = Planned("FileSystem", "shared-files"), Planned("LaunchTemplate", "nodes-general")
IMAGES, ROLE = Planned("Repository", "tumour-diagnosis"), Planned("Role", "mlflow-identity")
POLICY, BUCKET_POLICY = Planned("RolePolicy", "mlflow-identity"), Planned("BucketPolicy", "artifacts")
CLOSED, VERSIONS = Planned("BucketPublicAccessBlock", "artifacts"), Planned("BucketVersioning", "artifacts")
INTO_DATABASE = Planned("SecurityGroupIngressRule", "database")
DATABASE_GROUP, DEFAULT_GROUP = Planned("SecurityGroup", "database"), Planned("DefaultSecurityGroup", "network")
SUBNET, ENDPOINT = Planned("Subnet", "network-private-eu-central-1a"), Planned("VpcEndpoint", "endpoints-ecr.dkr")


def policy(**statement):
    """A document with one statement that allows something."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def trusts(**statement):
    return ROLE.put("assumeRolePolicy", policy(Action="sts:AssumeRole", **statement))


def attached(name):
    inputs = {"role": "airworthy-prod-mlflow", "policyArn": f"arn:aws:iam::aws:policy/{name}"}
    return added("aws:iam/rolePolicyAttachment:RolePolicyAttachment", name, inputs)


TABLE = (
    fault("the database answers the internet", DATABASE.put("publiclyAccessible", True), "S3.aws-not-public"),
    fault("the database is not encrypted", DATABASE.put("storageEncrypted", False), "S3.aws-encrypted"),
    fault("the database can be deleted", DATABASE.put("deletionProtection", False), "R2.aws-undeletable"),
    fault("the database goes without a last copy", DATABASE.put("skipFinalSnapshot", True), "R2.aws-undeletable"),
    fault("Pulumi may delete the database", DATABASE.unprotected(), "R2.aws-undeletable"),
    fault("the database keeps backups for a day", DATABASE.put("backupRetentionPeriod", 1), "R2.aws-backups"),
    fault("the database is not backed up", DATABASE.put("backupRetentionPeriod", 0), "R2.aws-backups"),
    fault("the database is in one zone", DATABASE.put("multiAz", False), "R1.aws-zones"),
    fault("the database writes no log", DATABASE.put("enabledCloudwatchLogsExports", []), "S5.aws-recorded"),
    fault("the database's password is in the plan", DATABASE.put("password", PASSWORD), "S2.aws-no-literals"),
    fault("the database has no key of its own", DATABASE.drop("kmsKeyId"), "S3.aws-own-key"),
    fault(
        "the database takes connections without TLS",
        Planned("ParameterGroup", "database").put("parameters.0.value", "0"),
        "S3.aws-tls",
    ),
    fault("the database lets the internet in", INTO_DATABASE.put("cidrIpv4", "0.0.0.0/0"), "S3.aws-security-groups"),
    fault("the database lets the internet of IPv6 in", INTO_DATABASE.put("cidrIpv6", "::/0"), "S3.aws-security-groups"),
    fault(
        "half of the internet, twice",
        INTO_DATABASE.put("cidrIpv4", "0.0.0.0/1"),
        "S3.aws-security-groups",
    ),
    fault(
        "a security group with SSH for everybody",
        DATABASE_GROUP.put("ingress", [{"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["0.0.0.0/0"]}]),
        "S3.aws-security-groups",
    ),
    fault(
        "a web port for everybody where there is no load balancer",
        DATABASE_GROUP.put(
            "ingress", [{"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["0.0.0.0/0"]}]
        ),
        "S3.aws-security-groups",
    ),
    fault(
        "the default security group lets in",
        DEFAULT_GROUP.put("ingress", [{"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True}]),
        "S3.aws-default-group",
    ),
    fault("nothing closes the default security group", DEFAULT_GROUP.removed(), "S3.aws-default-group"),
    fault("a bucket may be made public", CLOSED.put("blockPublicPolicy", False), "S3.aws-bucket-closed"),
    fault("a bucket keeps public ACLs", CLOSED.put("ignorePublicAcls", False), "S3.aws-bucket-closed"),
    fault("nothing closes a bucket", CLOSED.removed(), "S3.aws-bucket-closed"),
    fault("a bucket keeps no versions", VERSIONS.removed(), "R2.aws-backups"),
    fault(
        "a bucket's versions are suspended",
        VERSIONS.put("versioningConfiguration.status", "Suspended"),
        "R2.aws-backups",
    ),
    fault("a bucket goes with all that is in it", BUCKET.put("forceDestroy", True), "R2.aws-undeletable"),
    fault("Pulumi may delete a bucket", TRACES.unprotected(), "R2.aws-undeletable"),
    fault(
        "a bucket answers everybody",
        BUCKET_POLICY.put(
            "policy", policy(Principal="*", Action="s3:GetObject", Resource="arn:aws:s3:::airworthy-prod-artifacts/*")
        ),
        "S1.aws-callers-named",
        "S3.aws-tls",
    ),
    fault("a bucket answers without TLS", BUCKET_POLICY.removed(), "S3.aws-tls"),
    fault(
        "a bucket has no key of its own",
        Planned("BucketServerSideEncryptionConfiguration", "artifacts").removed(),
        "S3.aws-own-key",
    ),
    fault(
        "the API server answers the internet", CLUSTER.put("vpcConfig.endpointPublicAccess", True), "S3.aws-not-public"
    ),
    fault("nobody reaches the API server", CLUSTER.put("vpcConfig.endpointPrivateAccess", False), "S3.aws-not-public"),
    fault("the cluster's Secrets are not encrypted", CLUSTER.drop("encryptionConfig"), "S3.aws-encrypted"),
    fault("the cluster keeps no record", CLUSTER.put("enabledClusterLogTypes", []), "S5.aws-recorded"),
    fault(
        "the cluster keeps no audit", CLUSTER.put("enabledClusterLogTypes", ["api", "authenticator"]), "S5.aws-recorded"
    ),
    fault("the cluster can be deleted", CLUSTER.put("deletionProtection", False), "R1.aws-undeletable"),
    fault(
        "the nodes are in one zone",
        Planned("NodeGroup", "nodes-general").put("subnetIds", ["subnet-1"]),
        "R1.aws-zones",
    ),
    fault(
        "SSH to the nodes for everybody",
        Planned("NodeGroup", "nodes-general").put("remoteAccess", {"ec2SshKey": "ops"}),
        "S3.aws-not-public",
    ),
    fault(
        "a disk of the nodes is not encrypted",
        NODES.put("blockDeviceMappings.0.ebs.encrypted", "false"),
        "S3.aws-encrypted",
    ),
    fault(
        "pods reach the node's credentials", NODES.put("metadataOptions.httpPutResponseHopLimit", 2), "S3.aws-metadata"
    ),
    fault(
        "credentials of the node without a token",
        NODES.put("metadataOptions.httpTokens", "optional"),
        "S3.aws-metadata",
    ),
    fault(
        "nodes get public addresses",
        SUBNET.put("mapPublicIpOnLaunch", True),
        "S3.aws-not-public",
    ),
    fault("images come over the internet", ENDPOINT.removed(), "S3.aws-private-endpoints"),
    fault("an endpoint that no call finds", ENDPOINT.put("privateDnsEnabled", False), "S3.aws-private-endpoints"),
    fault("the network keeps no record", Planned("FlowLog", "flow-logs").removed(), "S5.aws-recorded"),
    fault(
        "the network records what was let in",
        Planned("FlowLog", "flow-logs").put("trafficType", "ACCEPT"),
        "S5.aws-recorded",
    ),
    fault("files are not encrypted", FILES.put("encrypted", False), "S3.aws-encrypted"),
    fault("files are in one zone", FILES.put("availabilityZoneName", "eu-central-1a"), "R1.aws-zones"),
    fault("files are not backed up", Planned("BackupPolicy", "shared-files").removed(), "R2.aws-backups"),
    fault(
        "the backup of files is off",
        Planned("BackupPolicy", "shared-files").put("backupPolicy.status", "DISABLED"),
        "R2.aws-backups",
    ),
    fault("Pulumi may delete the files", FILES.unprotected(), "R2.aws-undeletable"),
    fault("a key is never renewed", KEY.put("enableKeyRotation", False), "S2.aws-key-rotation"),
    fault("Pulumi may delete a key", KEY.unprotected(), "R2.aws-undeletable"),
    fault(
        "a key answers everybody",
        KEY.put("policy", policy(Principal={"AWS": "*"}, Action="kms:Decrypt", Resource="*")),
        "S1.aws-callers-named",
    ),
    fault("an image's tag may move", IMAGES.put("imageTagMutability", "MUTABLE"), "D1.aws-immutable-tags"),
    fault("images are not scanned", IMAGES.put("imageScanningConfiguration.scanOnPush", False), "S4.aws-scan-on-push"),
    fault("images go with their repository", IMAGES.put("forceDelete", True), "R2.aws-undeletable"),
    fault("images have no key of their own", IMAGES.drop("encryptionConfigurations"), "S3.aws-own-key"),
    fault("a log has no key of its own", Planned("LogGroup", "flow-logs").drop("kmsKeyId"), "S3.aws-own-key"),
    fault(
        "a secret has no key of its own",
        Planned("Secret", "tumour-diagnosis-api-keys").drop("kmsKeyId"),
        "S3.aws-own-key",
    ),
    fault(
        "a secret's content is in the plan",
        Planned("SecretVersion", "tumour-diagnosis-registry").put("secretString", json.dumps({"password": PASSWORD})),
        "S2.aws-no-literals",
    ),
    fault(
        "a password in the environment of a function",
        Planned("Function", "rotator").put("environment.variables.ADMIN_PASSWORD", PASSWORD),
        "S2.aws-no-literals",
    ),
    fault(
        "a function that answers everybody",
        added("aws:lambda/functionUrl:FunctionUrl", "open", {"functionName": "rotator", "authorizationType": "NONE"}),
        "S3.aws-not-public",
    ),
    fault(
        "the registry may do everything",
        POLICY.put("policy", policy(Action="*", Resource="*")),
        "S1.aws-least-privilege",
    ),
    fault(
        "the registry may do all of S3",
        POLICY.put("policy", policy(Action="s3:*", Resource="*")),
        "S1.aws-least-privilege",
    ),
    fault(
        "the registry may read every bucket",
        POLICY.put("policy", policy(Action=["s3:GetObject"], Resource="*")),
        "S1.aws-least-privilege",
    ),
    fault(
        "the registry may do all but one thing",
        POLICY.put("policy", policy(NotAction="iam:DeleteUser", Resource="*")),
        "S1.aws-least-privilege",
    ),
    fault("the registry is an administrator", attached("AdministratorAccess"), "S1.aws-no-admin"),
    fault("the registry has all of S3", attached("AmazonS3FullAccess"), "S1.aws-no-admin"),
    fault("everybody may become the registry", trusts(Principal={"AWS": "*"}), "S1.aws-callers-named"),
    fault(
        "every token of an issuer is the registry",
        trusts(Principal={"Federated": "arn:aws:iam::000000000000:oidc-provider/token.actions.githubusercontent.com"}),
        "S1.aws-callers-named",
    ),
    fault(
        "a key to AWS that does not expire",
        added("aws:iam/accessKey:AccessKey", "ci", {"user": "ci"}),
        "S1.aws-no-long-lived-keys",
    ),
)
