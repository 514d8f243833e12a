"""Kinds of values that settings are made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Label = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$")]
"""What may stand both in a Kubernetes label and in an AWS tag."""

Cpu = Annotated[str, Field(pattern=r"^\d+m?$")]
"""CPUs as Kubernetes counts them, such as 2 or 500m."""

Memory = Annotated[str, Field(pattern=r"^\d+(Mi|Gi|Ti)$")]
"""An amount of memory or of storage as Kubernetes counts it, such as 512Mi."""

Version = Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
"""An exact version."""

Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
"""A region of AWS, such as eu-central-1."""

Role = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/\S+$")]
"""The ARN of an IAM role."""
