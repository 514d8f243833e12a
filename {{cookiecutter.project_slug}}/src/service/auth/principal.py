"""Somebody who was let in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from service.errors import Forbidden

Scope = Literal["predict", "feedback", "jobs", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
"""All that anybody may be allowed. None of them includes another."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling.

    Attributes:
        name: the holder of the API key, or the token's subject.
        scopes: what they may do.
        kind: how they were identified. A key and a token of the same name are two principals.
    """

    name: str
    scopes: frozenset[str]
    kind: Literal["key", "token"]


def require(principal: Principal, scope: Scope) -> None:
    """Refuse a caller who may not do this.

    Raises:
        Forbidden: the principal lacks the scope.
    """
    if scope not in principal.scopes:
        told = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'}
        raise Forbidden(f"this needs the scope {scope!r}, which {principal.name!r} does not have", headers=told)
