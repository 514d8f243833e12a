"""Manifests: where there are none, none has to be read."""

from judged import pod, refuses, verdicts


def test_nothing_is_demanded_where_nothing_is_deployed():
    assert verdicts("S5.readable-manifests") == set()
    assert not refuses("S5.readable-manifests", pod())
