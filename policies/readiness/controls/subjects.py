"""What controls of the repository look at: the whole, its images, the modules of its service."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.facts import Facts
from readiness.facts.dockerfiles import dockerfiles
from readiness.facts.module import Module
from readiness.facts.repository import File, Repository
from readiness.facts.unread import UnreadError

A_SERVICE = "the source of a service (FastAPI, Flask, BentoML, MLServer, KServe, …)"


def repository(facts: Facts) -> Iterator[Repository]:
    """The repository, if there is one to judge."""
    if facts.repository.root is not None:
        yield facts.repository


def source(facts: Facts) -> Iterator[Repository]:
    """The repository, if it holds code of whatever kind; a chart alone says nothing of code."""
    if facts.code.product or facts.code.notebooks:
        yield facts.repository


def service(facts: Facts) -> Iterator[Repository]:
    """The repository, if it holds the source of a service."""
    if facts.code.serving:
        yield facts.repository


def images(facts: Facts) -> Iterator[File]:
    """The Dockerfiles of what is deployed."""
    return dockerfiles(facts.repository)


def serving_modules(facts: Facts) -> Iterator[Module]:
    """The modules of the running service, then a complaint if some Python could not be read."""
    yield from facts.code.serving
    for unread in facts.code.unread:
        raise UnreadError(unread)


def product_modules(facts: Facts) -> Iterator[Module]:
    """All modules but tests, then a complaint if some Python could not be read."""
    yield from facts.code.product
    for unread in facts.code.unread:
        raise UnreadError(unread)
