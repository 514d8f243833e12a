"""A cloud that is a dictionary: keeps what it is given, and makes up what a real one would compute.

Which outputs a resource has, and of what type, its SDK says: each output that is always there and was not given gets
a value made of the resource's name, the same one every time.
"""

import base64
import importlib
import json
import keyword
import secrets
import string
import threading
import typing
from collections.abc import Mapping, Sequence
from functools import cache

import pulumi
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from engine.standin import Refused
from engine.wire import SIGNATURE, UNKNOWN, bare

ACCOUNT, REGION = "123456789012", "eu-central-1"


class Memory:
    """The store of one or several packages.

    Attributes:
        things: what there is: state by (type, id).
    """

    def __init__(self):
        self.things = {}
        self._lock = threading.Lock()

    def complete(self, kind, name, olds, news):
        """The inputs as a plugin would complete them: a Kubernetes object gets a name if it has none."""
        if not kind.startswith("kubernetes:") or kind.startswith("kubernetes:helm.sh/"):
            return news
        metadata = {**(news.get("metadata") or {})}
        known = bare(olds).get("metadata", {}).get("name")
        metadata.setdefault("name", known or f"{name}-{secrets.token_hex(4)}")
        return {**news, "metadata": metadata}

    def planned(self, kind, name, inputs):
        """What a preview shows: all that is to be computed is not known yet."""
        return _filled({output: _unknown(hint) for output, hint in _outputs(kind).items()}, inputs)

    def create(self, kind, name, inputs):
        """Makes it; returns its id and its state."""
        identity = _identity(kind, name, bare(inputs))
        with self._lock:
            if (kind, identity) in self.things:
                raise Refused(f"{kind} {identity} exists already")
            self.things[kind, identity] = state = _filled(_computed(kind, name, bare(inputs)), inputs)
        return identity, state

    def update(self, kind, name, identity, inputs):
        with self._lock:
            held = self.things[kind, identity]
            kept = {output: held[output] for output in _outputs(kind) if output in held}
            self.things[kind, identity] = state = _filled(kept, inputs)
        return state

    def read(self, kind, identity):
        return self.things.get((kind, identity))

    def delete(self, kind, identity):
        with self._lock:
            self.things.pop((kind, identity), None)

    def invoke(self, token, arguments):
        """Answers a function of the cloud's; one that it does not know is an error, not a guess."""
        if token not in ANSWERS:
            raise Refused(f"the stand-in has no answer to {token}: add one to ANSWERS in {__name__}")
        return ANSWERS[token](arguments)


def _filled(computed, given):
    """What was given, and what was computed where nothing was given; so in the parts of a part, too."""
    parts = {
        name: _filled(computed[name], value) if _is_part(value) and _is_part(computed.get(name)) else value
        for name, value in given.items()
    }
    return {**computed, **parts}


def _is_part(value):
    return isinstance(value, dict) and SIGNATURE not in value


def _identity(kind, name, inputs):
    """A Kubernetes object's id is namespace and name; elsewhere the physical name if one was given."""
    if kind.startswith("kubernetes:"):
        metadata = inputs.get("metadata") or {"name": inputs.get("name", name), "namespace": inputs.get("namespace")}
        return "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))
    given = next((inputs[key] for key in ("bucket", "identifier", "clusterName", "name") if inputs.get(key)), name)
    return f"{name}:{given}" if "clusterName" in inputs else str(given)


def _computed(kind, name, inputs):
    if kind in MADE:
        return MADE[kind](inputs)
    if kind.startswith("kubernetes:"):
        return {}
    return {output: _sample(hint, output, kind, name) for output, hint in _outputs(kind).items()}


@cache
def _outputs(kind):
    """The outputs that a resource always has, with their types, as its SDK declares them."""
    package, module, cls = kind.split(":")
    module = module.split("/")[0]
    if package == "kubernetes":
        return {}
    section = f"{module}_" if keyword.iskeyword(module) else module
    path = f"pulumi_{package}" if module == "index" else f"pulumi_{package}.{section}"
    return _always(getattr(importlib.import_module(path), cls))


@cache
def _always(cls):
    """The properties of a resource that are never None, by their names on the wire."""
    return {name: hint for name, hint in _properties(cls).items() if type(None) not in typing.get_args(hint)}


@cache
def _properties(cls):
    """The properties of a class that an SDK generated, by their names on the wire."""
    found = {}
    for attribute in vars(cls).values():
        if isinstance(attribute, property):
            hint = typing.get_type_hints(attribute.fget)["return"]
            if typing.get_origin(hint) is pulumi.Output:
                (hint,) = typing.get_args(hint)
            found[getattr(attribute.fget, "_pulumi_name", attribute.fget.__name__)] = hint
    return found


def _parts(cls):
    """The properties of a part of a resource, as if each were always there: SDKs call too many optional."""
    return {name: _present(hint) for name, hint in _properties(cls).items()}


def _present(hint):
    kinds = [kind for kind in typing.get_args(hint) if kind is not type(None)]
    return kinds[0] if type(None) in typing.get_args(hint) else hint


def _sample(hint, output, kind, name):
    """A value of the type, made of names."""
    origin = typing.get_origin(hint) or hint
    if origin is str:
        if output.lower().endswith("arn"):
            return f"arn:aws:{kind.split(':')[1].split('/')[0]}:{REGION}:{ACCOUNT}:{name}"
        return {"region": REGION, "accountId": ACCOUNT}.get(output, f"{name}-{output}")
    if origin in (bool, int, float):
        return origin()
    if origin in (Sequence, list):
        return [_sample(typing.get_args(hint)[0], output, kind, name)]
    if origin in (Mapping, dict) or not isinstance(origin, type):
        return {}
    return {part: _sample(inner, part, kind, name) for part, inner in _parts(origin).items()}


def _unknown(hint):
    """What a preview knows of an output of this type: its parts, but none of their values."""
    origin = typing.get_origin(hint) or hint
    if isinstance(origin, type) and not issubclass(origin, str | bool | int | float | Sequence | Mapping):
        return {part: _unknown(inner) for part, inner in _parts(origin).items()}
    return UNKNOWN


def _password(inputs):
    letters = string.ascii_letters + string.digits
    result = "".join(secrets.choice(letters) for _ in range(inputs["length"]))
    return {"result": result, "bcryptHash": f"hash of {len(result)} characters"}


def _bytes(inputs):
    value = secrets.token_bytes(inputs["length"])
    return {"hex": value.hex(), "base64": base64.b64encode(value).decode()}


def _private_key(inputs):
    """A real key: what is handed to a service must be one."""
    key = {
        "ED25519": ed25519.Ed25519PrivateKey.generate,
        "RSA": lambda: rsa.generate_private_key(65537, inputs.get("rsaBits", 2048)),
    }[inputs["algorithm"]]()
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()).decode()
    public = key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo).decode()
    return {"privateKeyPem": private, "privateKeyPemPkcs8": private, "publicKeyPem": public}


def _policy_document(arguments):
    return {"json": json.dumps({"Version": "2012-10-17", "Statement": arguments.get("statements", [])}), **arguments}


MADE = {
    "random:index/randomPassword:RandomPassword": _password,
    "random:index/randomBytes:RandomBytes": _bytes,
    "tls:index/privateKey:PrivateKey": _private_key,
}
ANSWERS = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": lambda _: {
        "names": [f"{REGION}{letter}" for letter in "abc"],
        "zoneIds": [f"euc1-az{number}" for number in (1, 2, 3)],
    },
    "aws:index/getCallerIdentity:getCallerIdentity": lambda _: {
        "accountId": ACCOUNT,
        "arn": f"arn:aws:iam::{ACCOUNT}:root",
    },
    "aws:index/getPartition:getPartition": lambda _: {"partition": "aws", "dnsSuffix": "amazonaws.com"},
    "aws:index/getRegion:getRegion": lambda _: {"name": REGION, "region": REGION, "id": REGION},
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy_document,
}
