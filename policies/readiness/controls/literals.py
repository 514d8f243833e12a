"""S2: what is deployed names its secrets and holds none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.resources import Resource, fields, items, line_of, mappings
from readiness.facts.scalars import text
from readiness.facts.secrets import is_secret, known_secrets
from readiness.facts.workloads import Container

SECRETS = "https://kubernetes.io/docs/concepts/security/secrets-good-practices/"
OWASP = "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html"
# A password is one however plain it is; what else is named like a secret may also be the name of one.
PASSWORD = re.compile(r"(?i)(password|passwd|passphrase|pwd)$")
NAMED = re.compile(
    r"(?i)(secret|(?<!eos_)(?<!bos_)(?<!pad_)(?<!unk_)(?<!sep_)(?<!cls_)(?<!mask_)(?<!stop_)token|credentials?"
    r"|(api|access|account|auth|encryption|private|secret|signing|ssh)[_.-]?key)$"
)
# Where it is rather than what it is: a path, an address in a store, another variable, a template.
ELSEWHERE = re.compile(
    r"(?i)^([/<{$%(]|(vault|arn|ref\+|op|sm|gcpsm|awssm|secretref|file)[a-z+]*:"
    r"|(true|false|yes|no|on|off|none|null|[01])$)"
)
PAIR = re.compile(r"""["']?([A-Za-z_][\w.-]*)["']?[ \t]*[:=][ \t]*["']?([^\s"',;#}]+)""")
PUBLIC_KEYS = re.compile(r"(?i)(\.crt|^ca\.pem|(^|[-_.])(user|username|host|port|database|endpoint))$")


def told(name: str, value: str) -> str:
    """What of a secret stands in a value of this name; empty when nothing does."""
    for _, what in known_secrets(value):
        return what
    if not value or ELSEWHERE.match(value):
        return ""
    if PASSWORD.search(name) or (NAMED.search(name) and is_secret(value)):
        return f"a value for {name}"
    return ""


@control(
    id="S2.pod-literals",
    title="No secret stands in a pod's environment or arguments",
    why="whoever may read the workload reads it, and so does everybody who sees the manifest or a list of processes",
    remedy="env: [{name: NAME, valueFrom: {secretKeyRef: {name: SECRET, key: KEY}}}]; better still a mounted file",
    severity="critical",
    kind="resources",
    sources=(SECRETS, OWASP),
    subjects=lambda facts: facts.containers,
    alone=True,
)
def pod_literals(container: Container, facts: Facts) -> Iterator[Problem]:
    for entry in mappings(container.body, "env"):
        if what := told(text(entry, "name"), str(entry.get("value") or "")):
            yield Problem(f"container {container.name} has {what} in its environment", line_of(entry))
    words = [str(word) for part in ("command", "args") for word in items(container.body, part)]
    for name, value in options(words):
        if what := told(name, value):
            yield Problem(f"container {container.name} has {what} in its arguments")


def options(words: list[str]) -> Iterator[tuple[str, str]]:
    """Names and values of ``--name=value``, ``--name value`` and ``NAME=value``; of other words the value alone."""
    for word, following in pairwise([*words, ""]):
        name, equals, value = word.partition("=")
        if not equals and word.startswith("--"):
            value = "" if following.startswith("-") else following
        yield (name.lstrip("-"), value) if equals or word.startswith("--") else ("", word)


@control(
    id="S2.config-literals",
    title="No ConfigMap holds a secret",
    why="ConfigMaps are neither encrypted nor guarded: whoever may read anything in the namespace reads them",
    remedy="move the value to a Secret that an external store fills: kind: ExternalSecret",
    severity="critical",
    kind="resources",
    sources=(SECRETS, OWASP),
    subjects=lambda facts: facts.resources.of("ConfigMap"),
)
def config_literals(config: Resource, facts: Facts) -> Iterator[Problem]:
    data = fields(config.body, "data")
    for key in dict.keys(data):
        value = str(data.get(key) or "")
        found = [told(key, value)] if "\n" not in value else []
        found += [told(name, inner) for name, inner in PAIR.findall(value)] + [told("", value)]
        for what in sorted(set(filter(None, found))):
            yield Problem(f"{key} holds {what}", line_of(data))


@control(
    id="S2.secret-not-written-out",
    title="No manifest holds the content of a Secret",
    why="base64 hides nothing: a Secret in a file is a password in a repository, in a log and in every copy of them",
    remedy="kind: ExternalSecret, which reads it from a store; or seal it: kubeseal, sops",
    severity="critical",
    kind="resources",
    sources=(SECRETS, OWASP),
    subjects=lambda facts: facts.resources.of("Secret", group=""),
)
def secret_not_written_out(secret: Resource, facts: Facts) -> Iterator[Problem]:
    if "sops" in dict.keys(secret.body):
        return
    for part in ("data", "stringData"):
        # Only what is not known is not written here: so the guard of unknown values is passed by.
        data = dict.get(secret.body, part)
        if written := sorted(literal_keys(data)) if isinstance(data, dict) else []:
            yield Problem(f"{part} holds {', '.join(written)}", line_of(data))


def literal_keys(data: dict[str, Any]) -> Iterator[str]:
    """Keys whose value stands here."""
    for key, value in dict.items(data):
        if isinstance(value, str) and value and not PUBLIC_KEYS.search(key):
            yield key


CONTROLS = (pod_literals, config_literals, secret_not_written_out)
