"""One way in, for keys and tokens alike."""

from __future__ import annotations

from service.auth.keys import ApiKeys, Headers, presented
from service.auth.principal import Principal
from service.auth.tokens import Tokens


class Authenticator:
    """Says who is calling. Whoever is neither in the keys nor vouched for by a token is nobody.

    Args:
        keys: API keys that are let in.
        tokens: verifies tokens; None accepts none.
    """

    def __init__(self, keys: ApiKeys, tokens: Tokens | None = None) -> None:
        self.keys = keys
        self._tokens = tokens

    async def identify(self, headers: Headers) -> Principal:
        """Who sent these headers.

        Raises:
            Unauthenticated: nobody who is let in.
            RemoteUnavailable: a token can be neither accepted nor refused, as its issuer does not answer.
        """
        credential, bearer = presented(headers)
        if self._tokens is not None and bearer and credential is not None and credential.count(b".") == 2:
            token = credential.decode("latin-1")
            return self._tokens.known(token) or await self._tokens.verify(token)
        return self.keys.holder(credential)
