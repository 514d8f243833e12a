"""The pages for people, in a browser that reaches nothing but the service. Screenshots go to build/screenshots."""

import json
import urllib.request

import pytest

from browser import browsing
from needs import need_command
from project import served, until
from repository import ROOT

WIDTHS = {"desk": 1280, "phone": 400}
PICTURES = ROOT / "build" / "screenshots"


@pytest.fixture(scope="module")
def service(demo):
    """The demo's service, after one prediction."""
    with served(demo.folder) as made:
        headers = {"X-API-Key": made.key, "Content-Type": "application/json"}
        body = (demo.folder / ".local/request.json").read_bytes()
        urllib.request.urlopen(urllib.request.Request(f"{made.address}/v1/predict", body, headers), timeout=30).close()
        yield made


@pytest.fixture
def page(tmp_path):
    with browsing(need_command("chromium", "chromium-browser", "google-chrome"), tmp_path) as made:
        yield made


def fine(page, service):
    """Nothing asked of another host, nothing to complain of, and nothing to be scrolled sideways."""
    assert page.trouble == []
    assert [url for url in page.requested if not url.startswith((service.address, "data:"))] == []
    assert page.value("document.documentElement.scrollWidth - innerWidth") <= 0


def text(page):
    return page.value("document.body ? document.body.innerText : ''")


@pytest.mark.parametrize("device", WIDTHS)
def test_the_status_page_says_what_is_served(page, service, demo, device):
    page.open(f"{service.address}/", WIDTHS[device])
    until(lambda: "rows answered" in text(page))
    assert page.value("innerWidth") == WIDTHS[device]
    approval = json.loads((demo.folder / "models/current/approval.json").read_text(encoding="utf-8"))
    digest = approval["statement"]["bundle_digest"]
    for word in ("tumour-diagnosis", "Version 1", "Ready", digest, "demo@localhost", "make demo"):
        assert word in text(page)
    assert page.value("document.querySelector('.tiles dt').innerText") == "rows answered"
    assert page.value("document.querySelector('.tiles dd').innerText") == "1"
    page.screenshot(PICTURES / f"status-{device}.png")
    fine(page, service)


@pytest.mark.parametrize("device", WIDTHS)
def test_the_documentation_shows_every_operation(page, service, device):
    page.open(f"{service.address}/docs", WIDTHS[device])
    document = json.loads(service.get("/openapi.json"))
    operations = sorted(path for path, item in document["paths"].items() for name in item if name != "parameters")
    shown = "[...document.querySelectorAll('.opblock-summary-path')].map(e => e.dataset.path)"
    until(lambda: len(page.value(shown)) >= len(operations))
    assert sorted(page.value(shown)) == operations
    page.screenshot(PICTURES / f"docs-{device}.png")
    fine(page, service)
