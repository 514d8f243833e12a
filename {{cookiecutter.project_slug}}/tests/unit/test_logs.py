"""What is logged, in which form, and what never is."""

from __future__ import annotations

import json
import logging
import os
import select
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piped import Pipe, lines_of, piped, run
from service import logs
from service.redaction import LONGEST, plain, redact

KEY = "Zk3v_Q9-s8Yw1mN4pR7tB2xC5eH6jL0aD8fG3hK9uVw"  # pragma: allowlist secret
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJkb2N0b3IifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"  # pragma: allowlist secret
BOUNDED = settings(max_examples=200, deadline=None, derandomize=True)


@pytest.fixture
def configured() -> Iterator[Pipe]:
    """All logs of this process go into a pipe, for one test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()  # pytest's own are not to be closed
    with piped() as pipe:
        logs.configure("debug", pipe.lines)
        yield pipe
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_says_when_what_and_who(configured: Pipe) -> None:
    logging.getLogger("service").warning("bundle %s", "refused", extra={"bundle": "models/3", "rows": 2})
    [line] = configured.read()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "WARNING",
        "logger": "service",
        "message": "bundle refused",
        "bundle": "models/3",
        "rows": 2,
    }


def test_logs_go_to_standard_output_from_the_level_on() -> None:
    done = run("""
logs.configure("info")
logging.getLogger("any.library").debug("too much")
logging.getLogger("any.library").info("enough", extra={"color_message": "\\x1b[1menough\\x1b[0m"})
""")
    assert [line["message"] for line in lines_of(done.stdout)] == ["enough"]
    assert "color_message" not in done.stdout
    assert done.stderr == ""


def test_an_exception_is_one_line(configured: Pipe) -> None:
    try:
        try:
            int("seven")
        except ValueError as error:
            raise RuntimeError("no\nnumber") from error
    except RuntimeError:
        logging.getLogger("service").exception("failed")
    [line] = configured.read()
    assert line["message"] == "failed"
    assert "invalid literal for int()" in line["exc_info"]
    assert line["exc_info"].endswith("RuntimeError: no\nnumber")


PLANTED = """
from urllib.error import URLError
key, token = sys.argv[1:]
logs.configure("debug")
log = logging.getLogger("some.library")
logging.getLogger("uvicorn.error").info("Authorization: Bearer hunter-1 rejected")
log.info("key %s of %s", key, {"x-api-key": "hunter-2", "Cookie": "session=hunter-3; theme=hunter-4"})
log.info("connecting to redis://:hunter-5@cache:6379/0 and https://me:hunter/6@example.org/a?b=c")
log.info("GET https://example.org/login?user=me&password=hunter-7&api_key=hunter-8#here")
log.info("scope %s", [(b"authorization", b"Basic aHVudGVyOTpodW50ZXI5"), (b"cookie", b"a=hunter-10")])
log.info('body {"password": "hunter-11 \\\\"hunter-12", "client_secret":"hunter-13"}')  # pragma: allowlist secret
log.info("escaped %s", '{\\\\"token\\\\": \\\\"hunter-14\\\\"}')
log.info("token", extra={"token": "hunter-15", "nested": {"list": [{"apiKey": ["hunter-16"]}, "Bearer hunter-17"]}})
log.info("headers", extra={"headers": [(b"x-api-key", b"hunter-18"), ["set-cookie", "hunter-19"]], "raw": key.encode()})
log.info({"authorization": "hunter-20", "message": "as a dictionary", "jwt": token})
log.info(f"sent {token}, got 401; Authorization: ApiKey hunter-21 hunter-22")
log.info("basic %s", "Basic aHVudGVyOTpodW50ZXI5")
log.info("sentry https://hunter-23@example.org/1", extra={"https://hunter-24@example.org": "as a name"})
log.info("-----BEGIN PRIVATE KEY-----\\nhunter-25\\n-----END PRIVATE KEY-----\\nafter")  # pragma: allowlist secret
try:
    try:
        raise URLError("postgres://me:hunter-26@db/x refused")  # pragma: allowlist secret
    except URLError as error:
        raise RuntimeError(f"api_key={key!r}, secret: 'hunter-27'") from error  # pragma: allowlist secret
except RuntimeError as error:
    log.exception("failed with %s", error, stack_info=True, extra={"cause": error})
class Told:
    def __repr__(self): return f"Told(password='hunter-28', token={token})"  # pragma: allowlist secret
log.info("object", extra={"object": Told(), "objects": {1: (Told(),)}})
log.info("bad %d format", "Bearer hunter-29", extra={"secret": "hunter-30"})  # pragma: allowlist secret
"""


def test_no_secret_is_logged_wherever_it_stands() -> None:
    done = run(PLANTED, KEY, TOKEN)
    found = lines_of(done.stdout)
    assert len(found) == 17
    whole = done.stdout + done.stderr
    assert "hunter" not in whole
    assert "aHVudGVy" not in whole
    assert KEY not in whole
    assert not any(part in whole for part in TOKEN.split("."))
    assert found[0]["message"] == "Authorization: [redacted]"
    assert (
        found[2]["message"] == "connecting to redis://[redacted]@cache:6379/0 and https://[redacted]@example.org/a?b=c"
    )
    assert found[3]["message"].startswith(
        "GET https://example.org/login?user=me&password=[redacted]&api_key=[redacted]"
    )
    assert "after" in found[13]["message"]
    assert "RuntimeError" in found[14]["exc_info"]


@pytest.mark.parametrize(
    "text",
    [
        "loaded model 7 in 12.5 ms; 3 rows, 2 tokens were read",
        "a basic understanding of bearing and passwords helps",
        "Basic validation failed",
        "https://example.org:8443/a/b?c=d mailed to somebody@example.org",
        "bundle 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "commit da39a3ee5e6b4b0d3255bfef95601890afd80709, run 4bf92f3577b34da6a3ce929d0e0e4736",
        'File "/app/src/service/http/predict.py", line 12, in predict',
        "eyes.of.the.beholder and keyboard_layouts.de.neo",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


@BOUNDED
@given(st.text(max_size=200), st.text(max_size=200))
def test_a_key_is_found_in_any_text(before: str, after: str) -> None:
    assert KEY not in redact(f"{before} {KEY} {after}")


@pytest.mark.parametrize(
    "part",
    [
        "://",
        "token",
        "token:",
        "basic ",
        "a:",
        '"',
        "\\",
        "eyJ",
        "-----BEGIN " + "PRIVATE KEY-----",
        "=",
    ],  # pragma: allowlist secret
)
def test_text_made_to_be_slow_is_not(part: str) -> None:
    redact(part * 200_000)  # what is quadratic would take hours


@BOUNDED
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
        max_leaves=8,
    )
)
def test_any_data_can_be_told(data: Any) -> None:
    line = logs._Formatter(["message"], timestamp=True).format(logging.makeLogRecord({"msg": "told", "data": data}))
    assert json.loads(line)["message"] == "told"
    assert "\n" not in line


def test_data_that_holds_itself_can_be_told() -> None:
    knot: list[Any] = []
    knot.append(knot)
    assert "[...]" in json.dumps(plain(knot))


@pytest.mark.parametrize(
    "text",
    [
        'x\n{"level": "INFO", "message": "forged"}',
        'x\r\n{"message": "forged"}',
        'x\u2028{"message": "forged"}',
        'x\x85{"message": "forged"}',
        "x\x1b[2K\x1b[1A{forged}",
        "x\u202eforged",
        "x\x00forged",
    ],
)
def test_no_text_can_forge_a_line(configured: Pipe, text: str) -> None:
    logging.getLogger("service").info("asked for %s", text, extra={"path": text, text: 1})
    while select.select([configured.reader], [], [], 0)[0]:
        found = os.read(configured.reader, 65536).decode()
    assert len(found.splitlines()) == 1
    assert found[:-1].isprintable()
    assert json.loads(found)["message"].startswith("asked for x")


def test_text_that_is_no_unicode_is_told_all_the_same(configured: Pipe) -> None:
    root = logging.getLogger()
    root.handlers[:] = [handler for handler in root.handlers if "service.logs" in type(handler).__module__]
    logging.getLogger("service").info("asked for %s", "x\ud800")  # which pytest's own handlers could not report
    [line] = configured.read()
    assert line["message"].startswith("asked for x")


def test_long_text_is_cut_in_its_middle(configured: Pipe) -> None:
    logging.getLogger("service").info("begin %s end", "x" * 100_000)
    [line] = configured.read()
    assert len(line["message"]) < LONGEST + 100
    assert line["message"].startswith("begin x")
    assert line["message"].endswith("x end")


def test_a_record_that_cannot_be_told_says_where_it_came_from() -> None:
    done = run("""
logs.configure("info")
logging.getLogger("service").info("%d rows of Bearer hunter-1", "hunter-2")
""")
    [line] = lines_of(done.stdout)
    assert line["message"] == "a log record cannot be told"
    assert line["from"].startswith("<string>:")
    assert line["error"] == "TypeError"
    assert "hunter" not in done.stdout + done.stderr


def test_a_signed_head_of_the_audit_trail_stays_as_it_is(configured: Pipe) -> None:
    head = {"writer": "w", "count": 3, "signature": KEY + KEY}
    logging.getLogger("service.audit").info("audit head", extra={"audit_head": head})
    [line] = configured.read()
    assert line["audit_head"] == head
