"""The service's one tree of errors. Each class knows its HTTP status; one handler renders them (RFC 9457)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing wrong with one field of a request.

    Attributes:
        pointer: where it stands in the request body, as a JSON Pointer (RFC 6901).
        detail: what is wrong and what would do.
    """

    pointer: str
    detail: str


class ServiceError(Exception):
    """Root of the tree.

    Attributes:
        status: the HTTP status that this kind of error is answered with.
        title: the same few words for every error of the kind.
    """

    status = 500
    title = "Internal error"

    def __init__(self, detail: str, problems: tuple[FieldProblem, ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.problems = problems


class SettingsError(ServiceError):
    """The environment does not describe a service that may start."""

    title = "Wrong settings"


class BundleError(ServiceError):
    """A bundle is missing, incomplete, altered or disagrees with its own golden rows."""

    status = 503
    title = "No sound model"


class ApprovalRefused(ServiceError):
    """A bundle may not be served: it is not approved, or the approval does not verify."""

    status = 503
    title = "Model not approved"


class Unauthenticated(ServiceError):
    """No known credential came with the request.

    Attributes:
        challenge: what the answer asks for. ``Basic`` makes a browser ask its user, so only pages say it.
    """

    status = 401
    title = "Authentication required"
    challenge = 'Bearer realm="API key"'


class BadRequest(ServiceError):
    """The request cannot be read: malformed JSON, wrong envelope, wrong encoding."""

    status = 400
    title = "Malformed request"


class NotFound(ServiceError):
    """There is no such model, version or page."""

    status = 404
    title = "Not found"


class TooLarge(ServiceError):
    """The body or its number of rows is over the limit."""

    status = 413
    title = "Request too large"


class InvalidInput(ServiceError):
    """The request was read, but its rows break the model's signature."""

    status = 422
    title = "Invalid input"


def pointer(*parts: str | int) -> str:
    """A JSON Pointer (RFC 6901) to the place that ``parts`` leads to, from the document's root."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
