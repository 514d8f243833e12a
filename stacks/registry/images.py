"""Repositories of images on ECR: a tag never changes its image, CI alone pushes, nodes and CI alone pull."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from stacks.platform.component import Component

PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
PUSH = ["ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"]


@dataclass(frozen=True)
class ImagesArgs:
    """What the repositories are told.

    Attributes:
        repositories: their names.
        prefix: stands before each name, and keeps the environments apart.
        kms_key_arn: the key that encrypts them.
        pullers: ARNs of the roles of the nodes.
        pushers: ARNs of the roles of the CI.
        keep: how many images are kept in each.
        protection: options for the repositories.
    """

    repositories: tuple[str, ...]
    prefix: str
    kms_key_arn: Input[Any]
    pullers: list[Input[Any]]
    pushers: tuple[str, ...]
    keep: int
    protection: ResourceOptions


class Images(Component):
    """One repository for each service, and one for our own MLflow.

    Attributes:
        urls: by name, where images are pushed to and pulled from.
    """

    kind = "registry:Images"

    def __init__(self, name: str, args: ImagesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.urls: dict[str, Output[str]] = {}
        for repository in args.repositories:
            made = aws.ecr.Repository(
                repository,
                name=f"{args.prefix}/{repository}",
                image_tag_mutability="IMMUTABLE",
                image_scanning_configuration={"scan_on_push": True},
                encryption_configurations=[{"encryption_type": "KMS", "kms_key": args.kms_key_arn}],
                opts=self.child(args.protection),
            )
            aws.ecr.LifecyclePolicy(repository, repository=made.name, policy=_keep(args.keep), opts=self.child())
            aws.ecr.RepositoryPolicy(repository, repository=made.name, policy=_who(args), opts=self.child())
            self.urls[repository] = made.repository_url
        self.register_outputs({"urls": self.urls})


def _keep(count: int) -> str:
    """Untagged images go after a week: nothing can be deployed from them. Of the others the newest stay."""
    untagged = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 7}
    tagged = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": count}
    rules = [
        {"rulePriority": priority, "selection": selection, "action": {"type": "expire"}}
        for priority, selection in enumerate((untagged, tagged), start=1)
    ]
    return json.dumps({"rules": rules})


def _who(args: ImagesArgs) -> Output[str]:
    """Denials, as a role of the same account needs no more than its own policy. AWS's own scanners are let in."""
    pullers = [*args.pullers, *args.pushers]
    statements = [_only("PullByNodesAndCi", PULL, pullers), _only("PushByCi", PUSH, list(args.pushers))]
    return Output.json_dumps({"Version": "2012-10-17", "Statement": statements})


def _only(name: str, actions: list[str], roles: list[Any]) -> dict[str, Any]:
    return {
        "Sid": name,
        "Effect": "Deny",
        "Principal": "*",
        "Action": actions,
        "Condition": {
            "ArnNotEquals": {"aws:PrincipalArn": roles},
            "Bool": {"aws:PrincipalIsAWSService": "false"},
        },
    }
