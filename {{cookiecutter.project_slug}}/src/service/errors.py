"""The service's one tree of errors. Each class knows its HTTP status; one handler renders them (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


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
        headers: sent with the answer.
        reason: which control refused, for the metrics; empty when none did.
    """

    status = 500
    title = "Internal error"
    reason = ""

    def __init__(
        self, detail: str, problems: tuple[FieldProblem, ...] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.problems = problems
        self.headers = dict(headers or {})


class ModelFailed(ServiceError):
    """The model gave no answer to rows that fit its signature."""

    title = "The model failed"


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
    reason = "authentication"
    challenge = 'Bearer realm="API key"'


class Forbidden(ServiceError):
    """The caller is known, and may not do this."""

    status = 403
    title = "Not allowed"
    reason = "scope"


class BadRequest(ServiceError):
    """The request cannot be read: malformed JSON, wrong envelope, wrong encoding."""

    status = 400
    title = "Malformed request"


class NotFound(ServiceError):
    """There is no such model, version or page."""

    status = 404
    title = "Not found"


class RequestTimeout(ServiceError):
    """The request did not arrive whole in time."""

    status = 408
    title = "Request took too long to arrive"


class TooLarge(ServiceError):
    """The body or its number of rows is over the limit."""

    status = 413
    title = "Request too large"


class HeadTooLarge(ServiceError):
    """The request line and headers, or what stands between the parts of a chunked body, are over the limit."""

    status = 431
    title = "Request head too large"


class InvalidInput(ServiceError):
    """The request was read, but its rows break the model's signature."""

    status = 422
    title = "Invalid input"


class RateLimited(ServiceError):
    """The caller has used up its rate or quota; ``Retry-After`` says when to come back."""

    status = 429
    title = "Too many requests"


class Overloaded(ServiceError):
    """More is waiting than can be answered in time; ``Retry-After`` says when to come back."""

    status = 503
    title = "Overloaded"
    reason = "queue"

    @classmethod
    def late(cls, seconds: float) -> Self:
        """The answer, ``seconds`` away, would come after the caller's deadline."""
        error = cls("the answer would come too late; try again later", headers=_again(seconds))
        error.reason = "deadline"
        return error

    @classmethod
    def full(cls, waiting: str, seconds: float) -> Self:
        """There is no more room to wait in; there may be in ``seconds``."""
        return cls(f"{waiting}; try again later", headers=_again(seconds))


class DeadlineExceeded(ServiceError):
    """The answer would come, or came, after the caller's deadline."""

    status = 504
    title = "Deadline exceeded"
    reason = "deadline"


class RemoteUnavailable(ServiceError):
    """A party that this service depends on cannot be reached."""

    status = 503
    title = "A dependency is unavailable"


class AuditFailed(ServiceError):
    """The decision cannot be recorded, and the policy is to make none without a record."""

    status = 503
    title = "Audit unavailable"
    reason = "audit"


def fault() -> ServiceError:
    """What is told of a fault of ours: nothing."""
    return ServiceError("the service failed to answer; the log has more under this request id")


def _again(seconds: float) -> dict[str, str]:
    return {"Retry-After": str(max(1, round(seconds)))}


def pointer(*parts: str | int) -> str:
    """A JSON Pointer (RFC 6901) to the place that ``parts`` leads to, from the document's root."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
