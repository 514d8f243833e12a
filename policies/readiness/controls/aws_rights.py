"""S1: in AWS everybody may do what they need, on what they need it for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.aws import listed, statements
from readiness.facts.resources import Resource, fields, items, mappings
from readiness.facts.scalars import text

FSBP = "AWS Foundational Security Best Practices"
PRACTICE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"
POLICIES = (
    "aws:iam/policy:Policy",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/groupPolicy:GroupPolicy",
)
ROLE = "aws:iam/role:Role"
ACCESS_KEY = "aws:iam/accessKey:AccessKey"
ATTACHMENTS = (
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment",
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
    "aws:iam/policyAttachment:PolicyAttachment",
)
# Actions that AWS cannot limit to a resource, and that show or change nothing of anybody's data.
HARMLESS = (
    "cloudwatch:PutMetricData",
    "ec2:GetInstanceTypesFromInstanceRequirements",
    "ecr:GetAuthorizationToken",
    "sts:GetCallerIdentity",
    "xray:Put",
)
LOOKING = ("Describe", "List")
RESOURCE_POLICIES = {
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "policy",
    "aws:kms/key:Key": "policy",
    "aws:kms/keyPolicy:KeyPolicy": "policy",
    "aws:s3/bucketPolicy:BucketPolicy": "policy",
    "aws:secretsmanager/secretPolicy:SecretPolicy": "policy",
    "aws:sns/topicPolicy:TopicPolicy": "policy",
    "aws:sqs/queuePolicy:QueuePolicy": "policy",
    "aws:iam/role:Role": "assumeRolePolicy",
}


def with_documents(facts: Facts) -> Iterator[Resource]:
    return facts.resources.of(*POLICIES, ROLE)


def documents(resource: Resource) -> list[Any]:
    """The documents that say what somebody may do."""
    if resource.kind == ROLE:
        return [one.get("policy") for one in mappings(resource.spec, "inlinePolicies")]
    return [resource.spec.get("policy")]


@control(
    id="S1.aws-least-privilege",
    title="Policies name the actions they allow, and the resources",
    why="a right to everything is what an intruder needs to stay, and nobody sees it used until then",
    remedy='"Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::BUCKET/*"], or a Condition that narrows it',
    severity="high",
    kind="resources",
    sources=(f"{FSBP}: IAM.1, IAM.21", PRACTICE),
    subjects=with_documents,
)
def least_privilege(resource: Resource, facts: Facts) -> Iterator[Problem]:
    for document in documents(resource):
        for one in statements(document):
            yield from too_much(one)


def too_much(statement: dict[str, Any]) -> Iterator[Problem]:
    for name in ("NotAction", "NotResource"):
        if listed(statement.get(name)):
            yield Problem(f"a statement allows everything but what {name} lists")
    actions = [str(one) for one in listed(statement.get("Action"))]
    if broad := sorted(one for one in actions if one == "*" or one.endswith(":*")):
        yield Problem(f"a statement allows {', '.join(broad)}")
        return
    changing = sorted(one for one in actions if not harmless(one))
    if changing and "*" in listed(statement.get("Resource")) and not statement.get("Condition"):
        yield Problem(f"a statement allows {', '.join(changing)} on every resource")


def harmless(action: str) -> bool:
    return action.startswith(HARMLESS) or action.partition(":")[2].startswith(LOOKING)


@control(
    id="S1.aws-no-admin",
    title="Nobody is given a policy of AWS that allows everything, or all of a service",
    why="AdministratorAccess and the policies named FullAccess allow what nobody thought of",
    remedy="write a policy with the actions that are used, and attach that",
    severity="high",
    kind="resources",
    sources=(f"{FSBP}: IAM.1", PRACTICE),
    subjects=lambda facts: facts.resources.of(*ATTACHMENTS, ROLE),
)
def no_admin(resource: Resource, facts: Facts) -> Iterator[Problem]:
    arns = items(resource.spec, "managedPolicyArns") if resource.kind == ROLE else [text(resource.spec, "policyArn")]
    for arn in arns:
        name = str(arn).rpartition("/")[2]
        broad = name in ("AdministratorAccess", "PowerUserAccess") or name.endswith("FullAccess")
        if broad and str(arn).startswith("arn:aws:iam::aws:"):
            yield Problem(f"it gives {name}")


@control(
    id="S1.aws-callers-named",
    title="Every policy of a resource or role names who may use it",
    why="a principal of * is every account of AWS, not only your own",
    remedy='"Principal": {"AWS": "arn:aws:iam::ACCOUNT:role/NAME"}, or a Condition on aws:SourceArn',
    severity="critical",
    kind="resources",
    sources=(f"{FSBP}: S3.6, SQS.3, KMS.5", PRACTICE),
    subjects=lambda facts: facts.resources.of(*RESOURCE_POLICIES),
)
def callers_named(resource: Resource, facts: Facts) -> Iterator[Problem]:
    for one in statements(resource.spec.get(RESOURCE_POLICIES[resource.kind])):
        if listed(one.get("NotPrincipal")):
            yield Problem("a statement allows everybody but whom NotPrincipal lists")
        elif everybody(one.get("Principal")) and not limited(one):
            yield Problem("a statement allows everybody, in every account")
        elif issuer := strangers(one):
            yield Problem(f"a statement trusts every token of {issuer}: no condition names its :sub")


def strangers(statement: dict[str, Any]) -> str:
    """The issuer of OpenID Connect tokens of which a statement trusts every one; empty if there is none."""
    principal = statement.get("Principal")
    issuers = listed(principal.get("Federated")) if isinstance(principal, dict) else []
    tokens = [str(one).partition("oidc-provider/")[2] for one in issuers if "oidc-provider/" in str(one)]
    subjects = [
        value
        for entry in fields(statement, "Condition").values()
        for key, values in (entry.items() if isinstance(entry, dict) else ())
        for value in (listed(values) if key.endswith(":sub") else ())
    ]
    named = bool(subjects) and not any(str(one) in ("*", "repo:*") for one in subjects)
    return "" if named or not tokens else tokens[0]


def everybody(principal: Any) -> bool:
    named = listed(principal) if not isinstance(principal, dict) else listed(principal.get("AWS"))
    return "*" in named


def limited(statement: dict[str, Any]) -> bool:
    """A condition says who. One on TLS alone does not."""
    condition = fields(statement, "Condition")
    keys = {key for entry in condition.values() if isinstance(entry, dict) for key in entry}
    return bool(keys - {"aws:SecureTransport"})


@control(
    id="S1.aws-no-long-lived-keys",
    title="Nobody gets a key to AWS that does not expire",
    why="an access key is copied once and works for years; roles give credentials of hours",
    remedy="a role: of pods by pod identity, of CI by OpenID Connect, of people by IAM Identity Center",
    severity="high",
    kind="resources",
    sources=(PRACTICE,),
    subjects=lambda facts: facts.resources.of("aws:iam/user:User", ACCESS_KEY),
)
def no_long_lived_keys(resource: Resource, facts: Facts) -> Iterator[Problem]:
    if resource.kind == ACCESS_KEY:
        yield Problem("it is a key that does not expire")


CONTROLS = (least_privilege, no_admin, callers_named, no_long_lived_keys)
