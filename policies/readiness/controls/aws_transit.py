"""S3: what goes to and from AWS goes by TLS only."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.aws import Rule, on, parts, statements, switched_on
from readiness.facts.resources import Resource, follow, mappings
from readiness.facts.scalars import text


def search_tls(domain: Resource, facts: Facts) -> Iterator[str]:
    for path in (("domainEndpointOptions", "enforceHttps"), ("nodeToNodeEncryption", "enabled")):
        if not on(domain.spec, *path):
            yield f"{'.'.join(path)} is not true"


def listener_tls(listener: Resource, facts: Facts) -> Iterator[str]:
    protocol = text(listener.spec, "protocol")
    redirects = [text(one, "redirect", "protocol") == "HTTPS" for one in mappings(listener.spec, "defaultActions")]
    if protocol in ("HTTP", "TCP", "UDP") and not (redirects and all(redirects)):
        yield f"it listens with {protocol}, and does not only redirect to HTTPS"


def bucket_tls(bucket: Resource, facts: Facts) -> Iterator[str]:
    """A denial of all that comes without TLS, which no other statement can undo."""
    policies = parts(bucket, "bucket", facts, "aws:s3/bucketPolicy:BucketPolicy")
    for policy in policies:
        for one in statements(policy.spec.get("policy"), "Deny"):
            if follow(one, ("Condition", "Bool", "aws:SecureTransport")) in ("false", False):
                return
    yield "no BucketPolicy denies requests without TLS"


def database_tls(database: Resource, facts: Facts) -> Iterator[str]:
    """PostgreSQL from version 15 on refuses connections without TLS unless its parameters say otherwise."""
    groups = [one for one in facts.resources.of("aws:rds/parameterGroup:ParameterGroup") if given(database, one)]
    parameters = [one for group in groups for one in mappings(group.spec, "parameters")]
    told = {text(one, "name"): one.get("value") for one in parameters}
    engine, major = text(database.spec, "engine"), text(database.spec, "engineVersion").partition(".")[0]
    if engine == "postgres":
        modern = major.isdigit() and int(major) >= 15
        if str(told.get("rds.force_ssl", int(modern))) != "1":
            yield "its parameters do not set rds.force_ssl to 1"
    elif engine in ("mysql", "mariadb") and str(told.get("require_secure_transport")) not in ("1", "ON"):
        yield "its parameters do not set require_secure_transport to 1"


def given(database: Resource, group: Resource) -> bool:
    """A database has this group of parameters."""
    if linked := database.links.get("parameterGroupName"):
        return group.urn in linked
    return text(database.spec, "parameterGroupName") in (group.name, text(group.spec, "name"))


IN_TRANSIT: dict[str, Rule] = {
    "aws:elasticache/replicationGroup:ReplicationGroup": switched_on("transitEncryptionEnabled"),
    "aws:lb/listener:Listener": listener_tls,
    "aws:opensearch/domain:Domain": search_tls,
    "aws:rds/instance:Instance": database_tls,
    "aws:rds/proxy:Proxy": switched_on("requireTls"),
    "aws:s3/bucket:Bucket": bucket_tls,
    "aws:s3/bucketV2:BucketV2": bucket_tls,
}


@control(
    id="S3.aws-tls",
    title="AWS answers by TLS only",
    why="without TLS, keys and data are read and changed by whoever is on the way, inside a network, too",
    remedy="of a bucket: a BucketPolicy that denies s3:* when aws:SecureTransport is false; of RDS: rds.force_ssl = 1",
    severity="high",
    kind="resources",
    sources=("AWS Foundational Security Best Practices: S3.5, ElastiCache.5, ELB.1",),
    subjects=lambda facts: facts.resources.of(*IN_TRANSIT),
)
def tls(resource: Resource, facts: Facts) -> Iterator[Problem]:
    return (Problem(message) for message in IN_TRANSIT[resource.kind](resource, facts))


CONTROLS = (tls,)
