"""The routes that answer predictions: what is limited, queued and summed up apart from all else."""

from __future__ import annotations

import re

NAMED = {
    "/v1/models/{name}/predict": re.compile(r"/v1/models/(?P<name>[^/]+)/predict"),
    "/v2/models/{name}/infer": re.compile(r"/v2/models/(?P<name>[^/]+)/infer"),
    "/v2/models/{name}/versions/{version}/infer": re.compile(r"/v2/models/(?P<name>[^/]+)/versions/[^/]+/infer"),
}
"""Routes that name a model, and what their paths look like."""

UNNAMED = ("/v1/predict", "/invocations")
"""Routes to the first model."""

PREDICTING = (*UNNAMED, *NAMED)


def predicting(path: str) -> tuple[str, str | None] | None:
    """The route that answers predictions at a path, and the model that is named there; None if there is no such."""
    if path in UNNAMED:
        return path, None
    for route, form in NAMED.items():
        if found := form.fullmatch(path):
            return route, found["name"]
    return None
