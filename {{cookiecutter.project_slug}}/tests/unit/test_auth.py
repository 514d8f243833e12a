"""Who is let in by API key, and what is kept of a key."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import logging
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from issuer import AUDIENCE, Issuer
from scarce import no_more_files
from service import auth
from service.auth import SCOPES, ApiKeys, Authenticator, KeyRecord, Principal, Tokens, hash_key
from service.auth.key_file import write
from service.errors import Forbidden, SettingsError, Unauthenticated
from service.metrics import Metrics
from service.remote import Policy, Remote

FIRST, SECOND = "k" * 43, "s" * 43
KEYS = ApiKeys({"first": [KeyRecord.of(FIRST, SCOPES)], "second": [KeyRecord.of(SECOND, ("predict",))]})
SRC = Path(__file__).parents[2] / "src"


def basic(user: str, password: str) -> bytes:
    return b"Basic " + base64.b64encode(f"{user}:{password}".encode())


def sent(key: str) -> list[tuple[bytes, bytes]]:
    return [(b"x-api-key", key.encode())]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.mark.parametrize(
    "header",
    [
        (b"x-api-key", SECOND.encode()),
        (b"authorization", b"Bearer " + SECOND.encode()),
        (b"authorization", b"bearer  " + SECOND.encode()),
        (b"authorization", basic("anyone", SECOND)),
        (b"authorization", basic("", SECOND)),
    ],
)
def test_a_key_is_known_however_it_is_sent(header: tuple[bytes, bytes]) -> None:
    found = Principal("second", frozenset({"predict"}), "key")
    assert KEYS.identify([(b"host", b"here"), header]) == found
    assert asyncio.run(Authenticator(KEYS).identify([(b"host", b"here"), header])) == found


@pytest.mark.parametrize(
    "header",
    [
        (b"x-api-key", b""),
        (b"x-api-key", b"\xff\xfe"),
        (b"x-api-key", hash_key(SECOND).encode()),
        (b"x-api-key", SECOND[:-1].encode()),
        (b"authorization", SECOND.encode()),
        (b"authorization", b"Bearer"),
        (b"authorization", b"Bearer a.b.c"),
        (b"authorization", b"Basic !!!"),
        (b"authorization", b"Basic \xff"),
        (b"authorization", basic(SECOND, "")),
        (b"authorization", b"Digest " + SECOND.encode()),
        (b"cookie", SECOND.encode()),
    ],
)
def test_anything_else_is_nobody(header: tuple[bytes, bytes]) -> None:
    with pytest.raises(Unauthenticated):
        asyncio.run(Authenticator(KEYS).identify([header]))


def test_without_keys_and_tokens_nobody_is_let_in() -> None:
    for headers in ([], [(b"x-api-key", b"")], sent(FIRST), [(b"authorization", b"Bearer a.b.c")]):
        with pytest.raises(Unauthenticated):
            asyncio.run(Authenticator(ApiKeys({})).identify(headers))


def test_whoever_is_let_in_may_do_what_the_key_says_and_no_more() -> None:
    first, second = KEYS.identify(sent(FIRST)), KEYS.identify(sent(SECOND))
    for scope in SCOPES:
        auth.require(first, scope)
    auth.require(second, "predict")
    with pytest.raises(Forbidden, match="scope 'jobs', which 'second' does not have") as caught:
        auth.require(second, "jobs")
    assert caught.value.headers == {"WWW-Authenticate": 'Bearer error="insufficient_scope", scope="jobs"'}


def test_each_lookup_compares_one_whole_hash_however_many_keys_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[int, int]] = []

    def compare(known: bytes, other: bytes) -> bool:
        compared.append((len(known), len(other)))
        return known == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    keys = ApiKeys({f"holder-{n}": [KeyRecord.of(f"key-{n}", ("predict",))] for n in range(1000)})
    assert keys.identify(sent("key-700")).name == "holder-700"
    with pytest.raises(Unauthenticated):
        keys.identify(sent("key-1000"))
    assert compared == [(32, 32), (32, 32)]


def test_hashes_hold_no_key() -> None:
    assert FIRST not in repr(KEYS.__dict__)


def test_a_created_key_works_and_is_kept_nowhere(path: Path) -> None:
    keys = {name: auth.create_key(path, name) for name in ("ann", "bob")}
    for name, key in keys.items():
        assert at(path).identify(sent(key)) == Principal(name, frozenset({"predict"}), "key")
        assert len(key) >= 43
        assert key not in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o077 == 0
    assert [entry.name for entry in path.parent.iterdir()] == ["keys.json"]


def test_a_key_has_the_scopes_that_it_was_made_with(path: Path) -> None:
    key = auth.create_key(path, "ann", scopes=("jobs", "predict"))
    assert at(path).identify(sent(key)).scopes == {"predict", "jobs"}


@pytest.mark.parametrize(("scopes", "said"), [(("root",), "no scope 'root'; there are predict"), ((), "at least one")])
def test_a_scope_that_is_none_is_refused(path: Path, scopes: tuple[str, ...], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        auth.create_key(path, "ann", scopes=scopes)
    assert not path.exists()


def test_a_name_is_given_once(path: Path) -> None:
    auth.create_key(path, "ann")
    with pytest.raises(SettingsError, match="'ann' already"):
        auth.create_key(path, "ann")


def test_an_expired_key_is_refused_as_such_and_its_name_is_free(path: Path) -> None:
    expired = auth.create_key(path, "ann", scopes=("admin",), expires=timedelta(0))
    with pytest.raises(Unauthenticated, match="expired at 2"):
        at(path).identify(sent(expired))
    key = auth.create_key(path, "ann")
    assert at(path).identify(sent(key)).scopes == {"predict"}


def at(path: Path, later: timedelta = timedelta(0)) -> ApiKeys:
    """The keys in the file, as they are seen now or some time later."""
    keys = ApiKeys({}, path, lambda: (datetime.now(UTC) + later).timestamp())
    keys.load()
    return keys


def test_a_key_works_until_it_expires(path: Path) -> None:
    key = auth.create_key(path, "ann", expires=timedelta(days=30))
    assert at(path, timedelta(days=29)).identify(sent(key)).name == "ann"
    with pytest.raises(Unauthenticated, match="expired"):
        at(path, timedelta(days=31)).identify(sent(key))


def test_a_rotated_key_works_beside_its_successor_for_a_while(path: Path) -> None:
    old = auth.create_key(path, "ann", scopes=("predict", "jobs"))
    new = auth.create_key(path, "ann", overlap=timedelta(hours=2))
    for key in (old, new):
        found = at(path, timedelta(hours=1)).identify(sent(key))
        assert found == Principal("ann", frozenset({"predict", "jobs"}), "key")
    with pytest.raises(Unauthenticated, match="expired"):
        at(path, timedelta(hours=3)).identify(sent(old))
    assert at(path, timedelta(days=999)).identify(sent(new)).name == "ann"


def test_rotation_gives_no_key_a_longer_life(path: Path) -> None:
    old = auth.create_key(path, "ann", expires=timedelta(hours=1))
    auth.create_key(path, "ann", overlap=timedelta(days=7))
    with pytest.raises(Unauthenticated, match="expired"):
        at(path, timedelta(hours=2)).identify(sent(old))


def test_nothing_can_be_rotated_for_a_stranger(path: Path) -> None:
    with pytest.raises(SettingsError, match="no key named 'ann' to rotate"):
        auth.create_key(path, "ann", overlap=timedelta(hours=1))


def test_keys_are_listed_without_their_hashes(path: Path) -> None:
    keys = [auth.create_key(path, "ann", scopes=("admin",)), auth.create_key(path, "ann", overlap=timedelta(hours=1))]
    listed = auth.list_keys(path)
    assert [(key.holder, key.scopes, key.expires is None) for key in listed] == [
        ("ann", ("admin",), False),
        ("ann", ("admin",), True),
    ]
    assert [key.id for key in listed] == [hash_key(key)[:8] for key in keys]
    assert not any(hash_key(key) in repr(listed) for key in keys)


def test_a_revoked_key_stops_working_while_the_service_runs(path: Path) -> None:
    ann, bob = auth.create_key(path, "ann"), auth.create_key(path, "bob")
    running = at(path)
    assert auth.revoke_key(path, "ann") == 1
    running.refresh()
    assert running.identify(sent(bob)).name == "bob"
    with pytest.raises(Unauthenticated, match="not known"):
        running.identify(sent(ann))
    new = auth.create_key(path, "ann")
    running.refresh()
    assert running.identify(sent(new)).name == "ann"


def test_keys_that_could_not_be_read_are_read_as_soon_as_they_can_be(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The file does not change when this process may open it again."""
    ann = auth.create_key(path, "ann")
    running = at(path)
    auth.revoke_key(path, "ann")
    with no_more_files():
        for _ in range(3):
            running.refresh()
    assert len(caplog.records) == 1, "told once"
    assert running.identify(sent(ann)).name == "ann"
    running.refresh()
    with pytest.raises(Unauthenticated, match="not known"):
        running.identify(sent(ann))


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444])
def test_who_could_read_the_keys_still_can_when_they_were_changed(path: Path, mode: int) -> None:
    """A service that reads them by its group would else be shut out by each change."""
    auth.create_key(path, "ann")
    path.chmod(mode)
    group = next((group for group in os.getgroups() if group != os.getgid()), os.getgid())
    os.chown(path, -1, group)
    auth.create_key(path, "bob")
    found = path.stat()
    assert (stat.S_IMODE(found.st_mode), found.st_gid) == (mode, group)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else for a while")
def test_who_would_take_the_file_from_its_readers_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    auth.create_key(path, "ann")
    content = path.read_bytes()
    path.parent.chmod(0o777)
    monkeypatch.chdir(path.parent)  # as others may not go through the folders above
    with somebody_else(), pytest.raises(SettingsError, match=r"is of user 0 and group 0, .* do so as that user"):
        write(Path(path.name), b"{}")
    assert path.read_bytes() == content
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@contextmanager
def somebody_else() -> Iterator[None]:
    """Another user of this machine."""
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def test_a_service_may_start_before_there_are_keys(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    running = ApiKeys({}, path)
    running.refresh()
    assert not caplog.records
    key = auth.create_key(path, "ann")
    running.refresh()
    assert running.identify(sent(key)).name == "ann"


def test_one_of_a_holders_keys_can_be_revoked(path: Path) -> None:
    old = auth.create_key(path, "ann")
    new = auth.create_key(path, "ann", overlap=timedelta(hours=1))
    assert auth.revoke_key(path, "ann", hash_key(old)[:8]) == 1
    assert at(path).identify(sent(new)).name == "ann"
    with pytest.raises(Unauthenticated):
        at(path).identify(sent(old))


@pytest.mark.parametrize(("name", "key_id"), [("bob", None), ("ann", "00000000")])
def test_revoking_what_is_not_there_is_an_error(path: Path, name: str, key_id: str | None) -> None:
    auth.create_key(path, "ann")
    before = path.read_bytes()
    with pytest.raises(SettingsError, match=f"no key named '{name}'"):
        auth.revoke_key(path, name, key_id)
    assert path.read_bytes() == before


MAKE = """
import sys
from pathlib import Path
from service import auth
print("ready", flush=True)
sys.stdin.readline()
for number in range(10):
    print(auth.create_key(Path(sys.argv[1]), f"{sys.argv[2]}-{number}"))
"""


def test_keys_that_are_made_at_the_same_time_are_all_kept(path: Path) -> None:
    with ExitStack() as stack:
        runs = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-B", "-c", MAKE, str(path), str(run)],
                    env={"PYTHONPATH": str(SRC)},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for run in range(3)
        ]
        for run in runs:
            assert run.stdout is not None
            assert run.stdout.readline() == "ready\n"
        for run in runs:
            assert run.stdin is not None
            run.stdin.write("go\n")
            run.stdin.flush()
        made = [key for run in runs for key in run.communicate(timeout=60)[0].split()]
    keys = at(path)
    assert {keys.identify(sent(key)).name for key in made} == {f"{r}-{n}" for r in range(3) for n in range(10)}


@pytest.mark.parametrize("content", [b"nonsense", b'{"ann": 3}', None], ids=["malformed", "misshapen", "gone"])
def test_a_file_that_cannot_be_read_any_more_keeps_the_keys_and_is_told_once(
    path: Path, caplog: pytest.LogCaptureFixture, content: bytes | None
) -> None:
    key = auth.create_key(path, "ann")
    running = at(path)
    path.unlink() if content is None else path.write_bytes(content)
    with caplog.at_level(logging.ERROR, "service"):
        running.refresh()
        running.refresh()
    assert running.identify(sent(key)).name == "ann"
    assert len(caplog.records) == 1
    assert str(path) in caplog.records[0].__dict__["reason"]
    path.unlink(missing_ok=True)
    new = auth.create_key(path, "bob")
    running.refresh()
    assert running.identify(sent(new)).name == "bob"


def test_missing_keys_say_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="python -m service keys create"):
        at(tmp_path / "nowhere.json")
    with pytest.raises(SettingsError, match="cannot be written"):
        auth.create_key(tmp_path / "no" / "folder" / "keys.json", "ann")


HASH = hash_key(FIRST)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"ann": 3}',
        '{"ann": {"sha256": "x"}}',
        "nonsense",
        "[" * 100_000,
        json.dumps({"ann": [{"sha256": "x" * 64, "created": "2026-01-01T00:00:00Z"}]}),
        json.dumps({"ann": [{"sha256": HASH, "created": "2026-01-01T00:00:00Z", "scopes": ["root"]}]}),
        json.dumps({"ann": [{"sha256": HASH, "created": "2026-01-01T00:00:00Z", "expires": "2026-01-01T00:00:00"}]}),
        json.dumps({"ann": [{"sha256": HASH, "created": "2026-01-01T00:00:00Z", "expire": "2026-01-01T00:00:00Z"}]}),
    ],
)
def test_a_broken_file_of_keys_is_refused(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match="not a file of API key hashes"):
        at(path)
    with pytest.raises(SettingsError, match="not a file of API key hashes"):
        auth.create_key(path, "ann")
    assert path.read_text(encoding="utf-8") == content


def test_keys_of_the_former_file_may_predict_only(path: Path) -> None:
    path.write_text(json.dumps({"ann": {"sha256": HASH, "created": "2026-01-01T00:00:00+00:00"}}), encoding="utf-8")
    assert at(path).identify(sent(FIRST)) == Principal("ann", frozenset({"predict"}), "key")
    auth.create_key(path, "bob")
    assert at(path).identify(sent(FIRST)).name == "ann"


def test_a_link_to_the_file_stays_a_link(tmp_path: Path, path: Path) -> None:
    path.symlink_to(tmp_path / "elsewhere.json")
    key = auth.create_key(path, "ann")
    assert path.is_symlink()
    assert at(tmp_path / "elsewhere.json").identify(sent(key)).name == "ann"


def test_the_local_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "api-key"
    assert auth.local_key(path) == auth.local_key(path)
    assert path.stat().st_mode & 0o077 == 0


@pytest.fixture(scope="module")
def door() -> Iterator[tuple[Authenticator, Issuer]]:
    """Keys and tokens together."""
    with Issuer() as issuer:
        remote = Remote("issuer", Policy(timeout=30), Metrics())
        yield Authenticator(KEYS, Tokens(issuer.url, AUDIENCE, issuer.jwks_url, remote=remote)), issuer


def test_keys_and_tokens_open_the_same_door(door: tuple[Authenticator, Issuer]) -> None:
    both, issuer = door
    bearer = [(b"authorization", b"Bearer " + issuer.token(sub="second", scope="jobs").encode())]
    token = Principal("second", frozenset({"jobs"}), "token")
    assert asyncio.run(both.identify(bearer)) == token
    assert asyncio.run(both.identify(bearer)) is asyncio.run(both.identify(bearer))
    for header in (sent(SECOND)[0], (b"authorization", b"Bearer " + SECOND.encode())):
        assert asyncio.run(both.identify([header])) == Principal("second", frozenset({"predict"}), "key")


def test_a_token_is_a_bearer_token_or_nothing(door: tuple[Authenticator, Issuer]) -> None:
    both, issuer = door
    token = issuer.token()
    for header in (sent(token)[0], (b"authorization", basic("", token))):
        with pytest.raises(Unauthenticated, match="API key is not known"):
            asyncio.run(both.identify([header]))


WORDS = st.sampled_from([b"Bearer ", b"bearer", b"Basic ", b".", b"eyJhbGciOiJFUzI1NiJ9", b"=", b" ", b"\xff"])
VALUES = st.one_of(st.binary(max_size=60), st.lists(WORDS | st.binary(max_size=8), max_size=9).map(b"".join))
NAMES = st.sampled_from([b"x-api-key", b"authorization", b"cookie"])


@given(st.lists(st.tuples(NAMES, VALUES), max_size=4))
def test_no_headers_break_it(door: tuple[Authenticator, Issuer], headers: list[tuple[bytes, bytes]]) -> None:
    with asyncio.Runner() as runner, pytest.raises(Unauthenticated):
        runner.run(door[0].identify(headers))


@given(place=st.integers(0, 300), other=st.binary(min_size=1, max_size=3))
def test_a_damaged_token_is_nobodys(door: tuple[Authenticator, Issuer], place: int, other: bytes) -> None:
    both, issuer = door
    token = issuer.token().encode()
    damaged = token[:place] + other + token[place + len(other) :]
    assume(damaged.strip() != token)
    with asyncio.Runner() as runner, pytest.raises(Unauthenticated):
        runner.run(both.identify([(b"authorization", b"Bearer " + damaged)]))
