"""Signed approvals: which code verifies one, and whether the service ever calls it."""

from __future__ import annotations

import ast
import re

from readiness.facts.code import Code
from readiness.facts.module import Function, Module, dotted, walk

SIGNATURES = frozenset({"Ed25519PublicKey", "VerifyKey", "verify_blob", "RSAPublicKey", "cosign", "Verifier"})


def verifies_approval(module: Module) -> bool:
    """Whether a module verifies a signature over an approval."""
    said = set(module.names)
    about = re.search(r"(?i)approv", module.file) or any(re.search(r"(?i)approv", name) for name in said)
    return bool(about) and "verify" in {name.rpartition(".")[2] for name, _ in module.calls} and bool(said & SIGNATURES)


def is_asked(module: Module, code: Code) -> bool:
    """Whether something in the service calls a function of a module that verifies approvals, or the module runs it."""
    verifying = [one for one in module.functions if any(is_verification(node) for node in walk(one))]
    inside = {id(node) for one in verifying for node in walk(one)}
    users = [one for one in code.serving if one is module or module.file in code.links[one.file]]
    calls = [name for one in users for name, call in one.calls if id(call) not in inside]
    return not verifying or any(names(name, one, module) for name in calls for one in verifying)


def is_verification(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in ("verify", "verify_blob")


def names(called: str, function: Function, module: Module) -> bool:
    """Whether what is called may be this function: by its module or alone; a method by whatever holds its object."""
    holder, _, last = called.rpartition(".")
    stem = module.file.rpartition("/")[2].removesuffix(".py")
    method = any(function in kind.body for kind in module.classes.values())
    return last == function.name and (method or holder.rpartition(".")[2] in ("", stem))
