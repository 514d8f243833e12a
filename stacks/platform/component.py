"""The base of all components."""

from __future__ import annotations

from typing import Any, ClassVar

import pulumi
from pulumi import ResourceOptions

from stacks.platform.names import PRODUCT


class Component(pulumi.ComponentResource):
    """Resources that belong together, under one name.

    A subclass takes its arguments as a frozen dataclass, makes its resources with ``self.child()`` as options, keeps
    as attributes what others may need, and ends with ``self.register_outputs({…})``.

    Attributes:
        kind: ``<project>:<Name>``; the stack's state knows the component by it, so a renamed class keeps it.
    """

    kind: ClassVar[str]

    def __init__(self, name: str, opts: ResourceOptions | None = None) -> None:
        super().__init__(f"{PRODUCT}:{self.kind}", name, {}, opts)

    def child(self, *merged: ResourceOptions, **options: Any) -> ResourceOptions:
        """Options of a resource of this component: it is the parent, so its providers and protection are inherited."""
        own = ResourceOptions(parent=self, **options)
        for more in merged:
            own = ResourceOptions.merge(own, more)
        return own
