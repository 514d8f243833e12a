"""Renewed certificates that cannot be read for a while."""

from __future__ import annotations

from pathlib import Path

import pytest

from certificates import Authority
from scarce import no_more_files
from service.tls import Tls

REFUSED, LOADED = "renewed certificates refused; the old ones stay", "renewed certificates loaded"


def test_they_are_tried_again_until_they_load_and_told_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "service")
    authority = Authority(tmp_path)
    certificate, key = authority.issue("server")
    tls = Tls(certificate, key)
    authority.issue("server")
    with no_more_files():
        tls.refresh()
        tls.refresh()
    assert caplog.messages == [REFUSED]
    tls.refresh()
    tls.refresh()
    assert caplog.messages == [REFUSED, LOADED]
    key.unlink()
    tls.refresh()
    tls.refresh()
    key.write_text("no key")
    tls.refresh()
    tls.refresh()
    authority.issue("server")
    tls.refresh()
    assert caplog.messages == [REFUSED, LOADED, REFUSED, REFUSED, LOADED]
