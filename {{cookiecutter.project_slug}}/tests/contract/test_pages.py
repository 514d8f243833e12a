"""The pages for people: true, escaped, self-contained, and closed unless the settings open them."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser

import httpx
import pytest

from running import Service, until
from sample import APPROVER, ROWS

PAGES = ("/", "/card", "/docs", "/docs/assets/docs.js", "/openapi.json")


class Links(HTMLParser):
    """Collects what a page loads or leads to, and whether its tags are closed."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in {"src", "href"}]
        if tag not in {"meta", "link"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def links(html: str) -> list[str]:
    parser = Links()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser.found


def text(html: str) -> str:
    """What a reader sees, in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", html.partition("<body>")[2]).split())


def test_the_status_page_tells_what_is_served(service: Service) -> None:
    html = service.client.get("/").text
    told = text(html)
    statement = service.release.statement
    for fact in ("Ready", "sample", "Version 3", APPROVER, "2 March 2026, 10:30 UTC", statement.bundle_digest):
        assert fact in told
    for fact in ("0.9375", "0.5 to 9.5", "left, right", "imputed, flagged"):
        assert fact in told
    assert "better on &lt;small&gt; tumours" in html
    assert "<small>" not in html


def test_the_status_page_counts_predictions(start: Callable[..., Service]) -> None:
    counted = start()
    assert "median time" not in counted.client.get("/").text
    counted.predict(*ROWS["binary"], *ROWS["binary"])
    counted.predict({})
    told = text(counted.client.get("/").text)
    for fact in ("rows answered 4", "requests 2", "values flagged 4", "200: 1 · 422: 1 · missing: 4", "median time"):
        assert fact in told


def test_the_shown_command_works(start: Callable[..., Service], tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home with space")
    local = start(environment="local", api_keys=home / "none.json", local_key=home / "api-key")
    html = httpx.get(local.url, trust_env=False).text
    command = unescape(re.search(r"<pre[^>]*>(.*?)</pre>", html, re.DOTALL)[1])  # type: ignore[index]
    assert shlex.split(command)[0] == "curl"
    shown = subprocess.run(["sh", "-c", command + " -s --noproxy '*'"], capture_output=True, text=True, check=True)
    assert '"label":' in shown.stdout


@pytest.mark.parametrize("page", ["/", "/card", "/docs"])
def test_nothing_on_a_page_comes_from_elsewhere(service: Service, page: str) -> None:
    answer = service.client.get(page)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "http" not in answer.headers["content-security-policy"]
    for link in links(answer.text):
        if link.startswith("data:"):
            continue
        assert "//" not in link
        assert service.client.get(f"/{link.removeprefix('./')}").status_code == 200


def test_scripts_and_styles_run_from_files_of_our_own_only(service: Service) -> None:
    assert "<script" not in service.client.get("/").text
    docs = service.client.get("/docs")
    assert "script-src 'self';" in docs.headers["content-security-policy"]
    assert not re.search(r"<script[^>]*>[^<]", docs.text), "an inline script would not run"
    script = service.client.get("/docs/assets/swagger-ui-bundle.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "max-age" in script.headers["cache-control"]


def test_the_card_is_shown_as_written(service: Service) -> None:
    assert "For tests &lt;only&gt;." in service.client.get("/card").text


@pytest.mark.parametrize("page", PAGES)
def test_pages_ask_for_the_key(service: Service, page: str) -> None:
    answer = httpx.get(service.url + page, trust_env=False)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert httpx.get(service.url + page, auth=("me", service.key), trust_env=False).status_code == 200


def test_pages_can_be_left_open(start: Callable[..., Service]) -> None:
    opened = start(pages="open")
    for page in PAGES:
        assert httpx.get(opened.url + page, trust_env=False).status_code == 200
    assert httpx.post(opened.url + "/v1/predict", json={}, trust_env=False).status_code == 401


def test_without_a_model_the_pages_say_so(
    start: Callable[..., Service], tmp_path_factory: pytest.TempPathFactory
) -> None:
    without = start(bundle=tmp_path_factory.mktemp("<empty>"))
    html = without.client.get("/").text
    assert "Not ready" in html
    assert "manifest.json: cannot be read" in html
    assert "<empty>" not in html
    assert "no model card" in without.client.get("/card").text
    links(html)


def test_a_refused_successor_is_told_while_the_old_one_is_served(start: Callable[..., Service]) -> None:
    service = start(reload_seconds=0.02)
    service.release.sign(trained_by=APPROVER)
    html = until(lambda: "A newer bundle was refused" in (page := service.client.get("/").text) and page)
    assert "Ready" in html
    assert "A newer bundle was refused; this one goes on being served" in html
    assert "counts in local mode only" in html
