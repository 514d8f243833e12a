"""Who is calling, and what they may do: API keys of this service, and tokens of an issuer that it trusts."""

from __future__ import annotations

from service.auth.authenticator import Authenticator
from service.auth.issue import Key, create_key, list_keys, local_key, revoke_key
from service.auth.key_file import KeyRecord, hash_key
from service.auth.keys import ApiKeys
from service.auth.principal import SCOPES, Principal, Scope, require
from service.auth.tokens import Tokens

__all__ = [
    "SCOPES",
    "ApiKeys",
    "Authenticator",
    "Key",
    "KeyRecord",
    "Principal",
    "Scope",
    "Tokens",
    "create_key",
    "hash_key",
    "list_keys",
    "local_key",
    "require",
    "revoke_key",
]
