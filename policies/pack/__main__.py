"""What Pulumi runs for ``pulumi up --policy-pack``: it serves until the engine ends it."""

from __future__ import annotations

from pulumi_policy import PolicyPack

from readiness.pulumi_pack import policies

PolicyPack("airworthy-readiness", policies=policies())
