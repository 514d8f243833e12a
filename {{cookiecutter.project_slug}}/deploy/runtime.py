"""The part of the settings that the service itself reads: checked by its own class before anything is planned."""

from __future__ import annotations

import difflib
from functools import cached_property
from typing import Any

from pydantic import RootModel, ValidationError, field_validator

from service.settings import PREFIX
from service.settings import Settings as ServiceSettings

OURS = {
    "environment": "it is the name of the stack",
    "host": "it is the image's",
    "port": "it is the port of the Service",
    "name": "it is the project's",
    **dict.fromkeys(("bundle", "approvers", "api_keys", "audit", "audit_key", "audit_input_key"), "it is a mount"),
    "local_key": "it is for local mode",
    "otlp": "it is platform.otlp_endpoint",
    **dict.fromkeys(("more_bundles", "fallback"), "fetch that bundle first: another init container in deploy/pod.py"),
    **dict.fromkeys(("tls_certificate", "tls_key", "tls_client_ca"), "mount it and tell the probes: deploy/pod.py"),
}
"""Settings of the service that this program decides, and why they are not to be set."""


class Runtime(RootModel[dict[str, str | bool | int | float]]):
    """Settings of the service by their names without ``SERVICE_``, such as ``{"workers": 2}``."""

    root: dict[str, str | bool | int | float] = {}

    @field_validator("root")
    @classmethod
    def _does(cls, values: dict[str, Any]) -> dict[str, Any]:
        wrong = [told for name in values if (told := _refused(name))]
        try:
            ServiceSettings.model_validate(values)
        except ValidationError as error:
            wrong += [f"{'.'.join(map(str, told['loc']))}: {told['msg']}" for told in error.errors()]
        if wrong:
            raise ValueError("; ".join(wrong))
        return values

    @cached_property
    def settings(self) -> ServiceSettings:
        """As the service will read them, with its defaults."""
        return ServiceSettings.model_validate({"environment": "prod", **self.root})

    @property
    def environment(self) -> dict[str, str]:
        """As environment variables."""
        return {f"{PREFIX}{name.upper()}": str(value) for name, value in self.root.items()}


def _refused(name: str) -> str:
    """Why a name may not be set; empty if it may."""
    if why := OURS.get(name):
        return f"{name}: not to be set here; {why}"
    if name not in ServiceSettings.model_fields:
        close = difflib.get_close_matches(name, ServiceSettings.model_fields.keys() - OURS.keys(), 1)
        return f"{name}: the service has no such setting" + (f"; did you mean {close[0]}?" if close else "")
    return ""
