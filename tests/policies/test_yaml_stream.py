"""YAML of unknown origin: read as Kubernetes reads it, with lines, and never a way to exhaust or fool the reader."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from readiness.facts.unread import Unread
from readiness.facts.yaml_stream import MOST_DEPTH, documents


def read(text):
    return list(documents(text, "a.yaml"))


def test_documents_come_with_the_line_on_which_each_mapping_begins():
    first, second = read("a: 1\nb:\n  c: 2\n---\n\nd: 3\n")
    assert (first.line, first["b"].line, second.line) == (1, 3, 6)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("yes", True), ("off", False), ("~", None), ("", None), ("12", 12), ("-3", -3), ("0x1F", 31),
        ("0o17", 15), ("1.5", 1.5), ("1e3", 1000.0), ("100m", "100m"), ("1Gi", "1Gi"), ("12:30", "12:30"),
        ("2026-01-31", "2026-01-31"), ('"true"', "true"), ("'12'", "12"), ("|\n  x\n", "x\n"), ("1.2.3", "1.2.3"),
    ],
)  # fmt: skip
def test_plain_scalars_are_what_kubernetes_takes_them_for(text, value):
    (found,) = read(f"a: {text}")
    assert found["a"] == value
    assert type(found["a"]) is type(value)


def test_anchors_and_merge_keys_are_written_out():
    (found,) = read("base: &b {x: 1, y: 2}\nown:\n  <<: *b\n  y: 3\nlist: [*b]\n")
    assert found["own"] == {"x": 1, "y": 3}
    assert found["list"] == [{"x": 1, "y": 2}]


BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "\n".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)
)
CHAIN = "a0: &a0 [x]\n" + "\n".join(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 500))
HOSTILE = {
    "billion laughs": (BOMB, "aliases"),
    "a chain of aliases": (CHAIN, "levels"),
    "deep flow": ("[" * 5000 + "]" * 5000, ""),
    "deep blocks": ("\n".join(" " * n + "a:" for n in range(500)), "deep"),
    "an alias of itself": ("a: &a [*a]", "stands for nothing"),
    "an alias of nothing": ("a: *b", ""),
    "a key that stands twice": ("privileged: false\nprivileged: true", "stands twice"),
    "a merge of a list": ("<<: [1]", "no mapping"),
    "a tag that runs code": ("a: !!python/object/apply:os.system [id]\nb: [", ""),
    "half a document": ("a: [1, 2", "no YAML"),
    "control characters": ("a: \x07", "no YAML"),
}


@pytest.mark.parametrize(("text", "why"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_document_is_refused_with_a_reason(text, why):
    *_, last = read(text)
    assert isinstance(last, Unread)
    assert why in last.why
    assert last.remedy
    assert not last.templated


def test_no_tag_makes_an_object():
    (found,) = read("a: !!python/object/apply:os.system [id]")
    assert found == {"a": ["id"]}


def test_what_stands_before_a_broken_document_is_kept():
    first, last = read("a: 1\n---\nb: [")
    assert first == {"a": 1}
    assert (last.file, last.line) == ("a.yaml", 3)


def test_a_refused_document_does_not_hide_the_next():
    refused, second = read("a: 1\na: 2\n---\nb: 1")
    assert isinstance(refused, Unread)
    assert second == {"b": 1}


@pytest.mark.parametrize("text", ["{{ if .x }}\na: 1\n{{ end }}", "a: {{ .Values.a }}", "- {{ x }}: 1"])
def test_a_template_is_unknown_rather_than_wrong(text):
    *_, last = read(text)
    assert last.templated
    assert "helm template" in last.remedy


def test_depth_is_allowed_up_to_the_limit():
    depth = MOST_DEPTH - 1
    (found,) = read("[" * depth + "]" * depth)
    assert isinstance(found, list)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcdef", min_size=1), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_as_yaml_is_read_back(value):
    (found,) = read(yaml.safe_dump(value, allow_unicode=True))
    assert found == value


@given(st.text())
def test_any_text_is_read_or_refused(text):
    for found in read(text):
        assert isinstance(found, Unread | dict | list | str | int | float | bool | None)
