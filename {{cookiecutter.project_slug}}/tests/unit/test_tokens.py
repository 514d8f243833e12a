"""Whose tokens are accepted, against an issuer that is really there, or really not."""

from __future__ import annotations

import asyncio
import base64
import gc
import hmac
import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm

from issuer import AUDIENCE, Issuer, ec_key, public_jwk, rsa_key
from service.auth import Principal, Tokens
from service.errors import RemoteUnavailable, ServiceError, SettingsError, Unauthenticated
from service.metrics import Metrics
from service.remote import Policy, Remote

CACHE, STALE, PAUSE = 300.0, 3600.0, 10.0
SRC = Path(__file__).parents[2] / "src"


@dataclass
class Clock:
    """Time that passes when told to."""

    now: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return self.now


@dataclass
class Gate:
    """The service's side: verifies tokens, each time in an event loop of its own."""

    issuer: Issuer
    clock: Clock
    tokens: Tokens

    def let_in(self, token: str) -> Principal:
        return asyncio.run(self.tokens.verify(token))

    def refusal(self, token: str) -> ServiceError:
        with pytest.raises(ServiceError) as caught:
            self.let_in(token)
        assert self.tokens.known(token) is None
        return caught.value


def gate(issuer: Issuer, timeout: float = 10, **changes: Any) -> Gate:
    policy = Policy(timeout=timeout, retries=0, failures=1000)
    clock = Clock()
    given = {
        "remote": Remote("issuer", policy, Metrics()),
        "cache": CACHE,
        "stale": STALE,
        "pause": PAUSE,
        "timer": clock,
        **changes,
    }
    return Gate(issuer, clock, Tokens(issuer.url, AUDIENCE, issuer.jwks_url, clock=clock, **given))


def test_keys_grow_old_though_the_clock_is_set_back(issuer: Issuer) -> None:
    """What was fetched while the clock was ahead would else be taken for fresh for as long as it had been."""
    timer = Clock()
    at = gate(issuer, timer=timer)
    at.clock.now += 3600
    old = issuer.token(exp=time.time() + 7200)
    assert at.let_in(old).name == "ann"
    at.clock.now -= 3600
    timer.now += CACHE + PAUSE
    issuer.keys = {"new": ec_key()}
    assert at.let_in(issuer.token()).name == "ann"
    assert "not one of its issuer's" in at.refusal(old).detail


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer() as found:
        yield found


@pytest.fixture
def at(issuer: Issuer) -> Gate:
    return gate(issuer)


def test_a_token_says_who_is_calling(at: Gate) -> None:
    assert at.let_in(at.issuer.token(sub="ann")) == Principal("ann", frozenset({"predict"}), "token")


@pytest.mark.parametrize(
    ("alg", "key"),
    [
        ("RS256", rsa_key()),
        ("RS512", rsa_key()),
        ("PS256", rsa_key()),
        ("ES256", ec_key()),
        ("ES384", ec_key(ec.SECP384R1())),
        ("ES512", ec_key(ec.SECP521R1())),
        ("EdDSA", ed25519.Ed25519PrivateKey.generate()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_asymmetric_algorithm_is_accepted(at: Gate, alg: str, key: Any) -> None:
    at.issuer.keys = {"one": key, "other": ec_key()}
    assert at.let_in(at.issuer.token(alg=alg)).name == "ann"


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({"scope": "predict jobs"}, {"predict", "jobs"}),
        ({"scope": ["feedback", "admin"]}, {"feedback", "admin"}),
        ({"scope": None, "scp": ["predict"]}, {"predict"}),
        ({"scope": None, "scp": "predict"}, {"predict"}),
        ({"scope": "openid predict profile"}, {"predict"}),
        ({"scope": "predictions"}, set()),
        ({"scope": ""}, set()),
        ({"scope": None}, set()),
        ({"scope": 7}, set()),
        ({"scope": [["predict"], {"predict": 1}]}, set()),
        ({"scope": {"predict": True}}, set()),
    ],
)
def test_scopes_come_from_the_token(at: Gate, claims: dict[str, Any], scopes: set[str]) -> None:
    assert at.let_in(at.issuer.token(**claims)).scopes == scopes


def encoded(part: object) -> str:
    data = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed_with_the_public_key(issuer: Issuer) -> str:
    """The classic confusion: the published key as the secret of an HMAC."""
    public = issuer.keys["first"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    content = f"{encoded({'alg': 'HS256', 'kid': 'first'})}.{encoded(issuer.claims())}"
    return f"{content}.{encoded(hmac.digest(public, content.encode(), 'sha256'))}"


def altered(token: str, **claims: Any) -> str:
    head, payload, signature = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return f"{head}.{encoded({**said, **claims})}.{signature}"


def with_own_key(issuer: Issuer) -> str:
    """A token that brings the key to verify it with, by value and by address."""
    own = ec_key()
    head = {"kid": "first", "jwk": public_jwk(own), "jku": issuer.jwks_url}
    return jwt.encode(issuer.claims(), own, "ES256", head)


NOW = int(time.time())
REFUSED: dict[str, tuple[Callable[[Issuer], str], str]] = {
    "alg none": (lambda i: jwt.encode(i.claims(), "", "none", {"kid": "first"}), "must be signed with"),
    "alg None": (lambda i: f"{encoded({'alg': 'NONE', 'kid': 'first'})}.{encoded(i.claims())}.", "must be signed with"),
    "no alg": (lambda i: f"{encoded({'kid': 'first'})}.{encoded(i.claims())}.x", "cannot be read"),
    "alg a list": (lambda i: f"{encoded({'alg': ['ES256']})}.{encoded(i.claims())}.AAAA", "must be signed with"),
    "kid a list": (lambda i: f"{encoded({'alg': 'ES256', 'kid': []})}.{encoded(i.claims())}.AAAA", "cannot be read"),
    "public key as secret": (signed_with_the_public_key, "must be signed with"),
    "alg of another type": (
        lambda i: jwt.encode(i.claims(), rsa_key(), "RS256", {"kid": "first"}),
        "does not sign with RS256",
    ),
    "alg of another curve": (
        lambda i: jwt.encode(i.claims(), ec_key(ec.SECP384R1()), "ES384", {"kid": "first"}),
        "does not sign with ES384",
    ),
    "no kid": (lambda i: i.token(head={"kid": None}), "which of its issuer's keys"),
    "unknown kid": (lambda i: i.token(head={"kid": "x"}), "not one of its issuer's"),
    "somebody else's key": (lambda i: jwt.encode(i.claims(), ec_key(), "ES256", {"kid": "first"}), "Signature"),
    "key in the head": (with_own_key, "Signature"),
    "altered": (lambda i: altered(i.token(), scope="admin"), "Signature"),
    "no signature": (lambda i: i.token().rpartition(".")[0] + ".", "Signature"),
    "critical extension": (lambda i: i.token(head={"crit": ["exp"], "exp": NOW + 600}), "cannot be read"),
    "unencoded payload": (lambda i: i.token(head={"b64": False}), "critical extensions"),
    "other audience": (lambda i: i.token(aud="another-service"), "Audience"),
    "other audiences": (lambda i: i.token(aud=["a", "b"]), "Audience"),
    "no audience": (lambda i: i.token(aud=None), "aud"),
    "other issuer": (lambda i: i.token(iss=i.url + "/"), "issuer"),
    "no issuer": (lambda i: i.token(iss=None), "iss"),
    "expired": (lambda i: i.token(exp=NOW - 60), "expired"),
    "not yet valid": (lambda i: i.token(nbf=NOW + 300), "not yet valid"),
    "issued in the future": (lambda i: i.token(iat=NOW + 300), "not yet valid"),
    "never expires": (lambda i: i.token(exp=None), "exp"),
    "expires some time": (lambda i: i.token(exp="tomorrow"), "exp"),
    "expires in no time": (lambda i: i.token(exp=float("inf")), "exp"),
    "nobody's": (lambda i: i.token(sub=None), "sub"),
    "no text": (lambda i: i.token(sub="\ud800"), "no Unicode text"),
    "nobody's either": (lambda i: i.token(sub=""), "sub"),
    "subject a number": (lambda i: jwt.encode(i.claims(sub=7), i.keys["first"], "ES256", {"kid": "first"}), "Subject"),
    "too long": (lambda i: i.token(more="x" * 8192), "longer than 8192"),
    "not JSON": (lambda i: f"{encoded(b'no')}.{encoded(i.claims())}.AAAA", "cannot be read"),
    "nested": (lambda i: f"{encoded(b'[' * 3000)}.{encoded(i.claims())}.AAAA", "cannot be read"),
    "payload a list": (lambda i: jwt.api_jws.encode(b"[1]", i.keys["first"], "ES256", {"kid": "first"}), "object"),
    "not base64": (lambda i: i.token().replace(".", ".ü", 1), "cannot be read"),
    "dots": (lambda i: "..", "cannot be read"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_everything_else_is_refused(at: Gate, name: str) -> None:
    at.issuer.keys["second"] = ec_key()
    make, said = REFUSED[name]
    error = at.refusal(make(at.issuer))
    assert isinstance(error, Unauthenticated)
    assert said in error.detail
    assert error.challenge == 'Bearer error="invalid_token"'


def test_an_algorithm_that_is_not_wanted_is_refused(issuer: Issuer) -> None:
    at = gate(issuer, algorithms=("RS256",))
    assert "must be signed with RS256" in at.refusal(issuer.token()).detail
    issuer.keys = {"rsa": rsa_key()}
    assert "must be signed with RS256" in at.refusal(issuer.token(alg="PS256")).detail


def test_clocks_may_differ_by_the_leeway(issuer: Issuer) -> None:
    now = int(time.time())
    late = issuer.token(exp=now - 60, iat=now + 60, nbf=now + 60)
    assert gate(issuer, leeway=120).let_in(late).name == "ann"


def test_with_a_single_key_tokens_need_not_name_it(at: Gate) -> None:
    assert at.let_in(at.issuer.token(head={"kid": None})).name == "ann"


@pytest.mark.parametrize(
    "change",
    [
        {"use": "enc"},
        {"key_ops": ["encrypt"]},
        {"alg": "ES384"},
        {"alg": "HS256"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"crv": "secp256k1"},
        {"kid": 7},
        {"x": "AAAA"},
    ],
    ids=str,
)
def test_a_published_key_that_is_no_public_signing_key_verifies_nothing(at: Gate, change: dict[str, Any]) -> None:
    key = ec_key()
    at.issuer.also = [{}, {**public_jwk(key), "kid": "odd", **change}]
    odd = jwt.encode(at.issuer.claims(), key, "ES256", {"kid": "odd"})
    assert isinstance(at.refusal(odd), Unauthenticated)
    assert at.let_in(at.issuer.token()).name == "ann"


def test_a_key_whose_private_half_is_published_verifies_nothing(at: Gate) -> None:
    key = ec_key()
    at.issuer.also = [{**ECAlgorithm.to_jwk(key, as_dict=True), "kid": "leaked"}]
    leaked = jwt.encode(at.issuer.claims(), key, "ES256", {"kid": "leaked"})
    assert isinstance(at.refusal(leaked), Unauthenticated)


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_short_rsa_key_verifies_nothing(at: Gate) -> None:
    at.issuer.keys = {"short": rsa_key(1024)}
    assert isinstance(at.refusal(at.issuer.token(alg="RS256")), Unauthenticated)


def test_a_verified_token_is_remembered_until_it_expires(at: Gate) -> None:
    token = at.issuer.token(exp=int(at.clock.now) + 100)
    assert at.tokens.known(token) is None
    found = at.let_in(token)
    at.issuer.down()
    assert at.tokens.known(token) is found
    at.clock.now += 101
    assert at.tokens.known(token) is None
    at.issuer.up()


def test_only_the_tokens_used_last_are_remembered(at: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.auth.tokens.REMEMBERED", 2)
    first, second, third = (at.issuer.token(sub=name) for name in ("first", "second", "third"))
    at.let_in(first)
    at.let_in(second)
    assert at.tokens.known(first) is not None
    at.let_in(third)
    assert [at.tokens.known(token) is not None for token in (first, second, third)] == [True, False, True]


def test_keys_are_fetched_once_and_anew_when_they_are_old(at: Gate) -> None:
    for name in ("ann", "bob", "cid"):
        at.let_in(at.issuer.token(sub=name))
    assert at.issuer.fetches == 1
    at.clock.now += CACHE
    for name in ("ann", "bob", "cid"):
        at.let_in(at.issuer.token(sub=name, jti="new"))
    assert at.issuer.fetches == 2


def test_a_new_key_is_asked_for(at: Gate) -> None:
    at.let_in(at.issuer.token())
    at.issuer.rotate("second")
    at.clock.now += PAUSE
    assert at.let_in(at.issuer.token()).name == "ann"
    assert at.let_in(at.issuer.token("first", sub="bob")).name == "bob"
    assert at.issuer.fetches == 2


def test_made_up_key_ids_do_not_make_the_service_hammer_the_issuer(at: Gate) -> None:
    for number in range(20):
        at.refusal(at.issuer.token(head={"kid": f"made-up-{number}"}))
    assert at.issuer.fetches == 1
    at.clock.now += PAUSE
    for number in range(20):
        at.refusal(at.issuer.token(head={"kid": f"made-up-{number}"}))
    assert at.issuer.fetches == 2


def test_a_withdrawn_key_stops_working_for_remembered_tokens_too(at: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.auth.jwks.BRIEFLY", 10)  # however slow this machine is
    token = at.issuer.token()
    at.let_in(token)
    at.issuer.keys = {"second": ec_key()}
    at.clock.now += CACHE
    assert at.tokens.known(token) is None
    assert isinstance(at.refusal(token), Unauthenticated)


def test_a_remembered_token_stays_so_while_the_keys_do(at: Gate) -> None:
    token = at.issuer.token()
    found = at.let_in(token)
    at.clock.now += CACHE
    assert at.tokens.known(token) is None
    assert at.let_in(token) is found
    assert at.tokens.known(token) is found


def test_when_the_issuer_was_never_there_nobody_can_tell(at: Gate) -> None:
    at.issuer.down()
    error = at.refusal(at.issuer.token())
    assert isinstance(error, RemoteUnavailable)
    assert error.headers == {"Retry-After": "10"}
    at.issuer.up()
    assert isinstance(at.refusal(at.issuer.token()), RemoteUnavailable)
    assert at.issuer.fetches == 0
    at.clock.now += PAUSE
    assert at.let_in(at.issuer.token()).name == "ann"
    assert isinstance(at.refusal(at.issuer.token(head={"kid": "unknown"})), Unauthenticated)


def test_known_keys_go_on_working_while_the_issuer_is_away(at: Gate) -> None:
    token = at.issuer.token(exp=int(at.clock.now) + 100_000)
    at.let_in(token)
    at.issuer.down()
    at.clock.now += CACHE + STALE - 1
    assert at.let_in(token).name == "ann"
    assert at.tokens.known(token) is not None
    assert at.let_in(at.issuer.token(sub="bob")).name == "bob"
    assert isinstance(at.refusal(at.issuer.token(head={"kid": "new"})), RemoteUnavailable)
    assert isinstance(at.refusal(altered(token, sub="eve")), Unauthenticated)
    at.clock.now += 1
    assert isinstance(at.refusal(token), RemoteUnavailable)
    at.issuer.up()
    at.clock.now += PAUSE
    assert at.let_in(token).name == "ann"


@pytest.mark.parametrize("does", ["fail", "garbage", "large", "redirect"])
def test_a_bad_answer_is_none(at: Gate, does: Any) -> None:
    with Issuer() as other:
        at.issuer.does, at.issuer.redirect = does, other.jwks_url
        other.keys = at.issuer.keys
        assert isinstance(at.refusal(at.issuer.token()), RemoteUnavailable)
        assert other.fetches == 0
    at.issuer.does = "answer"
    at.clock.now += PAUSE
    assert at.let_in(at.issuer.token()).name == "ann"
    at.issuer.does = does
    at.clock.now += CACHE
    assert at.let_in(at.issuer.token(sub="bob")).name == "bob"


def test_an_issuer_that_hangs_is_given_up(issuer: Issuer) -> None:
    issuer.does = "hang"
    assert isinstance(gate(issuer, timeout=0.05).refusal(issuer.token()), RemoteUnavailable)


def test_nothing_goes_on_reading_an_answer_that_drips(issuer: Issuer) -> None:
    issuer.does = "drip"
    assert isinstance(gate(issuer, timeout=0.05).refusal(issuer.token()), RemoteUnavailable)
    assert issuer.left.wait(10)


def test_many_wait_for_one_fetch_and_one_who_gives_up_does_not_spoil_it(at: Gate) -> None:
    async def story() -> list[Principal]:
        at.issuer.does = "hang"
        waiting = [asyncio.create_task(at.tokens.verify(at.issuer.token(sub=f"n{n}"))) for n in range(20)]
        await asyncio.to_thread(at.issuer.asked.wait)
        waiting[0].cancel()
        at.issuer.released.set()
        with pytest.raises(asyncio.CancelledError):
            await waiting[0]
        return await asyncio.gather(*waiting[1:])

    assert [found.name for found in asyncio.run(story())] == [f"n{n}" for n in range(1, 20)]
    assert at.issuer.fetches == 1


def test_a_known_key_does_not_wait_for_a_fetch_on_its_way(at: Gate) -> None:
    async def story() -> None:
        at.issuer.does = "hang"
        at.issuer.asked.clear()
        stranger = asyncio.create_task(at.tokens.verify(at.issuer.token(head={"kid": "unknown"})))
        await asyncio.to_thread(at.issuer.asked.wait)
        assert (await at.tokens.verify(at.issuer.token(sub="bob"))).name == "bob"
        assert not stranger.done()
        at.issuer.released.set()
        with pytest.raises(Unauthenticated):
            await stranger

    at.let_in(at.issuer.token())
    at.clock.now += PAUSE
    asyncio.run(story())


def test_an_old_key_does_not_wait_for_an_issuer_that_hangs_and_the_fetch_goes_on(at: Gate) -> None:
    async def story() -> None:
        assert (await at.tokens.verify(old)).name == "ann"
        assert not at.issuer.released.is_set()
        at.issuer.released.set()
        with pytest.raises(Unauthenticated):  # for its key it waits, in full, for that same fetch
            await at.tokens.verify(at.issuer.token(head={"kid": "unknown"}))
        assert at.tokens.known(old) is None
        with pytest.raises(Unauthenticated, match="not one of its issuer's"):
            await at.tokens.verify(old)

    old = at.issuer.token()
    at.let_in(old)
    at.issuer.keys = {"second": ec_key()}
    at.issuer.does = "hang"
    at.clock.now += CACHE
    asyncio.run(story())
    assert at.issuer.fetches == 2


def test_one_who_waits_briefly_and_gives_up_does_not_spoil_the_fetch(at: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        at.issuer.asked.clear()
        known = asyncio.create_task(at.tokens.verify(at.issuer.token("first")))
        await asyncio.to_thread(at.issuer.asked.wait)
        stranger = asyncio.create_task(at.tokens.verify(at.issuer.token("second", sub="bob")))
        known.cancel()
        with pytest.raises(asyncio.CancelledError):
            await known
        at.issuer.released.set()
        assert (await stranger).name == "bob"

    monkeypatch.setattr("service.auth.jwks.BRIEFLY", 10)
    at.let_in(at.issuer.token())
    at.issuer.rotate("second")
    at.issuer.does = "hang"
    at.clock.now += CACHE
    asyncio.run(story())
    assert at.issuer.fetches == 2


def test_a_fetch_that_fails_when_nobody_waits_any_more_is_logged_once(
    at: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        assert (await at.tokens.verify(at.issuer.token(sub="bob"))).name == "bob"
        assert logged() == []  # it has not failed yet
        at.issuer.does = "fail"
        at.issuer.released.set()
        with pytest.raises(RemoteUnavailable):
            await at.tokens.verify(at.issuer.token(head={"kid": "unknown"}))
        gc.collect()  # asyncio complains of a failed task only when it is gone

    def logged() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]

    at.let_in(at.issuer.token())
    at.issuer.does = "hang"
    at.clock.now += CACHE
    asyncio.run(story())
    assert logged() == ["token issuer's keys not fetched"]


@pytest.mark.parametrize(
    "url",
    [
        "http://issuer.example/keys",
        "http://127.0.0.1.example/keys",
        "http://10.0.0.1/keys",
        "file:///etc/keys",
        "ftp://127.0.0.1/keys",
        "https:///keys",
        "http://[::1/keys",
        "keys",
        "",
    ],
)
def test_keys_come_by_https_or_from_this_machine(url: str) -> None:
    with pytest.raises(SettingsError, match="https"):
        Tokens("https://issuer.example", AUDIENCE, url, remote=Remote("issuer", Policy(), Metrics()))


@pytest.mark.parametrize("url", ["https://issuer.example/keys", "http://localhost:1/keys", "http://[::1]:1/keys"])
def test_such_an_address_will_do(url: str) -> None:
    Tokens("https://issuer.example", AUDIENCE, url, remote=Remote("issuer", Policy(), Metrics()))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"issuer": ""}, "an issuer and an audience"),
        ({"audience": ""}, "an issuer and an audience"),
        ({"algorithms": ("ES256", "HS256")}, "HS256: tokens may be signed with"),
        ({"algorithms": ("none",)}, "none: tokens may be signed with"),
        ({"jwks_url": "https://me:hush@issuer.example/keys"}, "no user and password"),  # pragma: allowlist secret
    ],
)
def test_settings_that_let_anybody_in_are_refused(changes: dict[str, Any], said: str) -> None:
    given = {"issuer": "https://issuer.example", "audience": AUDIENCE, "jwks_url": "https://issuer.example/keys"}
    with pytest.raises(SettingsError) as caught:
        Tokens(**{**given, "remote": Remote("issuer", Policy(), Metrics()), **changes})
    assert said in caught.value.detail
    assert "hush" not in caught.value.detail


IMPORTS = """
import sys
from service.auth import Tokens
from service.metrics import Metrics
from service.remote import Policy, Remote
print("jwt" in sys.modules)
Tokens("https://issuer.example", "a", "https://issuer.example/keys", remote=Remote("issuer", Policy(), Metrics()))
print("jwt" in sys.modules)
"""


def test_the_library_for_tokens_is_imported_when_tokens_are_wanted_and_not_before() -> None:
    out = subprocess.run(
        [sys.executable, "-B", "-c", IMPORTS], env={"PYTHONPATH": str(SRC)}, capture_output=True, check=True
    )
    assert out.stdout == b"False\nTrue\n"
