"""Rights in AWS: which policies are broad, and whom those of resources and roles let in."""

import pytest
from judged import aws, document, messages, refuses

ROLE = "aws:iam/role:Role"


@pytest.mark.parametrize(
    "type", ["policy:Policy", "rolePolicy:RolePolicy", "userPolicy:UserPolicy", "groupPolicy:GroupPolicy"]
)
def test_policies_of_all_kinds(type):
    assert refuses("S1.aws-least-privilege", aws(f"aws:iam/{type}", policy=document(Action="s3:*", Resource="a")))


@pytest.mark.parametrize(
    ("actions", "resources", "broad"),
    [
        ("*", "arn:aws:s3:::web", True),
        ("s3:Get*", "arn:aws:s3:::web/*", False),
        ("s3:GetObject", "*", True),
        ("s3:GetObject", ["arn:aws:s3:::web/*", "*"], True),
        *(
            (action, "*", False)
            for action in (
                "cloudwatch:PutMetricData",
                "ec2:DescribeInstances",
                "ec2:GetInstanceTypesFromInstanceRequirements",
                "ecr:GetAuthorizationToken",
                "s3:ListAllMyBuckets",
                "sts:GetCallerIdentity",
                "xray:PutTraceSegments",
            )
        ),
        (["ec2:DescribeInstances", "ec2:RunInstances"], "*", True),
        ("DescribeInstances", "*", True),
    ],
)
def test_breadth_of_policies(actions, resources, broad):
    policy = aws("aws:iam/policy:Policy", policy=document(Action=actions, Resource=resources))
    assert refuses("S1.aws-least-privilege", policy) is broad


@pytest.mark.parametrize(
    "type",
    [
        "rolePolicyAttachment:RolePolicyAttachment",
        "userPolicyAttachment:UserPolicyAttachment",
        "groupPolicyAttachment:GroupPolicyAttachment",
        "policyAttachment:PolicyAttachment",
    ],
)
@pytest.mark.parametrize("name", ["AdministratorAccess", "PowerUserAccess", "IAMFullAccess"])
def test_attachments_of_all_kinds(type, name):
    for path in ("", "job-function/"):
        attached = aws(f"aws:iam/{type}", policyArn=f"arn:aws:iam::aws:policy/{path}{name}")
        assert messages("S1.aws-no-admin", attached) == [f"it gives {name}"]


@pytest.mark.parametrize(
    ("type", "name"),
    [
        ("aws:ecr/repositoryPolicy:RepositoryPolicy", "policy"),
        ("aws:kms/key:Key", "policy"),
        ("aws:kms/keyPolicy:KeyPolicy", "policy"),
        ("aws:s3/bucketPolicy:BucketPolicy", "policy"),
        ("aws:secretsmanager/secretPolicy:SecretPolicy", "policy"),
        ("aws:sns/topicPolicy:TopicPolicy", "policy"),
        ("aws:sqs/queuePolicy:QueuePolicy", "policy"),
        (ROLE, "assumeRolePolicy"),
    ],
)
def test_everybody_in_policies_of_resources(type, name):
    for principal, everybody in (("*", True), ({"AWS": "*"}, True), ({"AWS": "arn:aws:iam::1:root"}, False)):
        policy = aws(type, **{name: document(Principal=principal, Action="a:Do", Resource="*")})
        assert refuses("S1.aws-callers-named", policy) is everybody
    assert not refuses("S1.aws-callers-named", aws(type, **{name: document("Deny", Principal="*", Action="a:Do")}))


@pytest.mark.parametrize(
    ("condition", "everybody"),
    [
        ({}, True),
        ({"StringEquals": {"token.example.com:aud": "sts.amazonaws.com"}}, True),
        ({"StringEquals": "wrong"}, True),
        ({"StringLike": {"token.example.com:sub": "*"}}, True),
        ({"StringLike": {"token.example.com:sub": ["repo:team/web:*", "repo:*"]}}, True),
        ({"StringLike": {"token.example.com:sub": "repo:team/web:*"}}, False),
    ],
)
def test_roles_that_trust_tokens(condition, everybody):
    for issuer in ("token.example.com", "example.com/oidc-provider/"):
        principal = {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{issuer}"}
        trust = document(Principal=principal, Action="sts:AssumeRoleWithWebIdentity", Condition=condition)
        said = [f"a statement trusts every token of {issuer}: no condition names its :sub"] if everybody else []
        assert messages("S1.aws-callers-named", aws(ROLE, assumeRolePolicy=trust)) == said
