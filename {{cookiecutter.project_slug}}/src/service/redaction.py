"""What a secret looks like, and how text and data are told without it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

REDACTED = "[redacted]"
LONGEST = 8192
"""Most characters of one text: collectors cut longer lines anywhere, which leaves no JSON."""
DEEPEST = 8
"""Nested data below this level is told as text."""

_NAME = r"(?i:authorization|cookie|api[_-]?key|passw(?:or)?d|passphrase|secret|token|credential|private[_-]?key)"
_JOINT = r"""[\w-]{0,40}+(?:\\{0,3}["']?\s{0,3}[:=]\s{0,3}|["']\s{0,3},\s{0,3})"""  # name: …  "name": …  (b'name', …
_QUOTED = r"""b?"(?:[^"\\]|\\.)*+"?|b?'(?:[^'\\]|\\.)*+'?|\\+["'][^"']*+["']?"""

# Every repetition is bounded or possessive: the text may be a caller's, and must not cost more than its length.
_SECRETS = (
    rf"""(?P<header>(?i:authorization|cookie){_JOINT})(?:{_QUOTED}|[^\r\n"']++)""",
    rf"""(?P<named>{_NAME}{_JOINT})(?:{_QUOTED}|[^\s"',;&]++)""",
    r"""(?P<bearer>(?i:bearer)\s{1,3})[^\s"',;]++""",
    r"""(?P<basic>(?i:basic)\s{1,3})(?=[A-Za-z+/]*+[0-9=]|[A-Za-z+/]{0,64}?[a-z][A-Z])[A-Za-z0-9+/]{8,}+={0,2}""",
    r"""(?<=://)[^\s/?#"'<>@]*+(?:@[^\s/?#"'<>@]*+)*(?=@)""",  # user:password@
    r"""(?<=://)[^\s/?#"'<>@:]{0,128}:[^\s"'<>]{0,128}(?=@)""",  # the same with a password that should be quoted
    r"""(?<![A-Za-z0-9])e(?:yJ|yA|wo|w0)[A-Za-z0-9_-]{8,}+(?:\.[A-Za-z0-9_-]*+){2,4}""",  # JSON Web Token
    r"""(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])""",  # 256 bits, as our API keys are
    r"""-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----(?s:.)*?(?:-----END [A-Z ]{0,20}PRIVATE KEY-----|\Z)""",
)
_SECRET = re.compile("|".join(_SECRETS))
_NAMES_SECRET = re.compile(_NAME)
_DECEPTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that end a line, steer a terminal or reorder text for some reader, and halves that are no character."""


SIGNED = "audit_head"
"""The field under which the heads of the audit trail are logged; they hold nothing that comes from callers."""


def redact(text: str) -> str:
    """Text without its secrets, without characters that could make it look like something else, and not too long."""
    text = _SECRET.sub(_kept, text)
    text = _DECEPTIVE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    if len(text) <= LONGEST:
        return text
    half = LONGEST // 2
    return f"{text[:half]} […{len(text) - 2 * half} characters…] {text[-half:]}"


def plain(value: object, depth: int = DEEPEST) -> Any:
    """Data as JSON can hold it, without secrets: neither what is under a secret's name nor what looks like one."""
    if value is None or type(value) in (bool, float) or isinstance(value, datetime):
        return value
    if type(value) is int and -(2**63) <= value < 2**63:
        return value
    if isinstance(value, Mapping) and depth:
        return {redact(str(name)): _member(name, found, depth - 1) for name, found in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and depth:
        if isinstance(value, list | tuple) and len(value) == 2:  # a header, as ASGI has them
            return [plain(value[0], depth - 1), _member(value[0], value[1], depth - 1)]
        return [plain(item, depth - 1) for item in value]
    return redact(_text(value))


def _member(name: object, value: object, depth: int) -> Any:
    if name == SIGNED and isinstance(value, Mapping):  # a signature looks like a secret, and must stay as it is
        return dict(value)
    secret = value is not None and isinstance(name, str | bytes) and _NAMES_SECRET.search(_text(name))
    return REDACTED if secret else plain(value, depth)


def _text(value: object) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes | bytearray) else str(value)


def _kept(found: re.Match[str]) -> str:
    """What is left of a secret: the words before it that say what it is."""
    return (found[found.lastgroup] if found.lastgroup else "") + REDACTED
