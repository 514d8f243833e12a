"""The page, in a real browser: what it shows, on which screens, to whom, and what it never does."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from commands import git, readiness, report, stranger

from browser import browsing
from needs import need_command
from project import until
from repository import ROOT

PICTURES = ROOT / "build" / "screenshots"
WIDTHS = {"desk": 1280, "phone": 360}
HOSTILE = "<script>document.title='hacked'</script><img src=x onerror=\"document.title='hacked'\">\u202egpj"
# For each piece of text its contrast with what it stands on, by WCAG 2; those below 4.5 with their text.
FAINT = """
(() => {
  const colour = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, place) => sum + c * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = element => {
    for (; element; element = element.parentElement) {
      const found = colour(getComputedStyle(element).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim()) continue;
    const style = getComputedStyle(element);
    const own = light(colour(element.closest('svg') ? style.fill : style.color)), under = light(behind(element));
    const contrast = (Math.max(own, under) + 0.05) / (Math.min(own, under) + 0.05);
    if (contrast < 4.5) faint.push(contrast.toFixed(2) + ' ' + walk.currentNode.textContent.slice(0, 40));
  }
  return faint;
})()
"""


def ago(days):
    return (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds")


def load_test(repo, days, rate, p99, *more):
    values = (f"requests_per_second={rate}", f"p99_seconds={p99}", "objective_p99_seconds=0.15", *more)
    told = [word for value in values for word in ("--value", value)]
    start = ("evidence", "add", "load-test", "--environment", "prod", "--tool", HOSTILE, "--result", "pass")
    assert readiness(repo, *start, "--time", ago(days), *told)[0] == 0


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A page with all that one can hold: gaps, a waiver, evidence, two earlier reports, and names that are hostile."""
    folder = tmp_path_factory.mktemp("page")
    repo = stranger("good-service", folder)
    text = (repo / "deploy" / "wine.yaml").read_text()
    (repo / "deploy" / "x.yaml").write_text(text.replace("name: wine", "name: beer").replace("digest", HOSTILE))
    (repo / "deploy" / "<script>document.title='hacked'<∕script>.yaml").write_text(text)
    git(repo, "add", "--all")
    git(repo, "commit", "-q", "-m", "More")
    earlier = [folder / "first.json", folder / "second.json"]
    readiness(repo, "check", ".", "--format", "json", "--output", earlier[0])
    for days, rate, p99, drift in ((70, 410, 0.12, 0.05), (40, 380, 0.19, 0.2), (3, 455, 0.09, 0.12)):
        load_test(repo, days, rate, p99, f"drift_alcohol={drift}", "psi_hue=0.08")
    readiness(repo, "check", ".", "--format", "json", "--output", earlier[1])
    waiver = ("--reason", HOSTILE, "--until", ago(-20)[:10], "--owner", "ada@example.org")
    assert readiness(repo, "waive", "D4.progressive", *waiver)[0] == 0
    history = [word for file in earlier for word in ("--history", file)]
    code, _, errors = readiness(repo, "check", ".", "--format", "html", *history, "--output", folder / "page.html")
    assert code == 1, errors
    return folder / "page.html", report(repo), [json.loads(file.read_text()) for file in earlier]


@pytest.fixture
def page(tmp_path):
    with browsing(need_command("chromium", "chromium-browser", "google-chrome"), tmp_path) as made:
        yield made


@pytest.fixture
def opened(page, told):
    """Opens the page in a width."""

    def at(width=1280, scheme="light", media="screen"):
        page.look(scheme, media)
        page.open(told[0].as_uri(), width)
        until(lambda: whole(page))
        return page

    return at


def whole(page):
    """Whether all of it has been read; a half has its headline, too."""
    return page.value("document.readyState") == "complete" and page.value("!!document.querySelector('h1')")


def texts(page, selector):
    return page.value(f"[...document.querySelectorAll({selector!r})].map(e => e.textContent.trim())")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", WIDTHS)
def test_it_can_be_read_on_every_screen_and_asks_for_nothing(opened, told, device, scheme):
    page = opened(WIDTHS[device], scheme)
    assert page.value("innerWidth") == WIDTHS[device]
    assert page.value("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.value(FAINT) == []
    if device == "desk":
        wider = "[...document.querySelectorAll('.wide')].filter(e => e.scrollWidth > e.clientWidth).length"
        assert page.value(wider) == 0, "a table has to be scrolled where there is room for it"
    assert (
        page.value("getComputedStyle(document.body).backgroundColor")
        == {
            "light": "rgb(255, 255, 255)",
            "dark": "rgb(20, 23, 27)",
        }[scheme]
    )
    page.screenshot(PICTURES / f"readiness-{device}-{scheme}.png")
    assert page.trouble == []
    assert page.requested == [told[0].as_uri()]


def test_it_shows_the_verdict_and_all_items_by_section(opened, told):
    page, now = opened(), told[1]
    assert texts(page, "h1")[0].startswith("NOT READY, with 1 waiver, for prod: ")
    heads = texts(page, "main > details > summary")[:25]
    words = {"pass": "✓ pass", "fail": "✕ fail", "waived": "~ waived", "not-evaluated": "? not evaluated"}
    for head, (id, item) in zip(heads, now["items"].items(), strict=True):
        assert head.startswith(f"{words[item['verdict']]} {id} ")
    sections = [head.partition(":")[0] for head in texts(page, "h3")[:5]]
    assert sections == ["Deployment", "Monitoring", "Security", "Reliability", "Governance"]
    body = texts(page, "main")[0]
    for one in now["results"]:
        if one["verdict"] != "pass" and "\u202e" not in one["message"]:
            assert one["message"] in body
            assert one["remedy"] in body


def test_it_shows_the_score_of_the_paper_by_section(opened, told):
    page, paper = opened(), told[1]["ml_test_score"]
    assert f"ML Test Score: {paper['score']:g} of 7" in texts(page, "h2")
    rows = page.value(
        "[...document.querySelectorAll('table')].find(t => t.caption.textContent == 'Points by section').innerText"
    )
    for name, section in paper["sections"].items():
        assert f"{name.capitalize()}\t{section['score']:g} of 7" in rows


def test_it_shows_evidence_with_its_age_and_draws_what_it_measured(opened):
    page = opened()
    body = texts(page, "main")[0]
    for days in (70, 40, 3):
        assert f"{ago(days)[:10]}, {days} days ago" in body
    assert page.value("document.querySelectorAll('figure').length") == 4
    names = page.value("[...document.querySelectorAll('svg')].map(e => e.getAttribute('aria-label'))")
    assert names == [
        "Latency in load tests, oldest first (seconds); figures follow",
        "Throughput in load tests, oldest first (requests a second); figures follow",
        "Drift on record, oldest first (recorded units); figures follow",
        "Items of a hundred that pass, from earlier reports to this one (points of 100); figures follow",
    ]
    lines = page.value("[...document.querySelectorAll('polyline')].map(e => e.getAttribute('points'))")
    heights = [float(point.split(",")[1]) for point in lines[0].split()]
    assert len(heights) == 3
    assert heights[1] < heights[0] < heights[2]  # 0.19, 0.12, 0.09 seconds: the axis points up
    assert {"p99", "objective", "drift_alcohol", "psi_hue"} <= {one.split()[-1] for one in texts(page, ".legend li")}


def test_it_shows_how_the_score_went(opened, told):
    page = opened()
    rows = page.value("[...document.querySelectorAll('table')].at(-1).innerText").splitlines()[1:]
    scores = [row.split("\t")[1] for row in rows if "\t" in row][1:]
    assert scores == [f"{one['score']:g}" for one in (*told[2], told[1])]


def test_without_evidence_and_history_nothing_is_drawn(page, tmp_path):
    repo = stranger("flask-pickle", tmp_path)
    readiness(repo, "check", ".", "--format", "html", "--output", "page.html")
    page.open((repo / "page.html").as_uri(), 1280)
    until(lambda: whole(page))
    assert page.value("document.querySelectorAll('figure, svg').length") == 0
    assert "No drill, load test, restore or scan is on record" in texts(page, "main")[0]


def test_names_of_the_repository_are_only_text(opened):
    page = opened()
    assert page.value("document.title").startswith("Production readiness: NOT READY")
    assert page.value("document.querySelectorAll('script, img').length") == 0
    body = texts(page, "body")[0]
    assert "<script>document.title='hacked'</script>" in body
    assert "<script>document.title='hacked'<∕script>.yaml" in body
    assert "\u202e" not in body


def test_it_can_be_used_without_a_mouse(opened):
    page = opened()
    page.value("document.querySelector('main > details:not([open]) > summary').focus()")
    closed = page.value("document.querySelectorAll('main > details[open]').length")
    page.press("Enter", 13)
    assert page.value("document.querySelectorAll('main > details[open]').length") == closed + 1
    assert page.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert page.value("[...document.querySelectorAll('.wide')].every(e => e.tabIndex == 0 && e.ariaLabel)")


def test_it_can_be_read_by_ear(opened):
    page = opened()
    levels = page.value("[...document.querySelectorAll('h1, h2, h3, h4')].map(e => Number(e.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.value("document.documentElement.lang") == "en"
    assert page.value("document.querySelectorAll('main').length") == 1
    tables = "[...document.querySelectorAll('table')]"
    assert page.value(f"{tables}.every(t => t.caption && t.caption.textContent)")
    assert page.value(f"{tables}.every(t => [...t.querySelectorAll('th')].every(h => h.scope))")
    assert page.value("[...document.querySelectorAll('.badge')].every(e => e.textContent.trim().length > 3)")


def test_on_paper_everything_is_unfolded_and_black_on_white(opened):
    page = opened(scheme="dark", media="print")
    hidden = "[...document.querySelectorAll('details > :not(summary)')].filter(e => !e.checkVisibility({}))"
    assert page.value(f"{hidden}.length") == 0
    assert page.value("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.value(FAINT) == []


@pytest.mark.parametrize(
    ("arguments", "content", "said"),
    [
        (("--format", "html"), None, "before.json: No such file"),
        (("--format", "html"), "[", "before.json: it is no report of check in JSON"),
        (("--format", "html"), "[]", "before.json: it is no report of check in JSON"),
        (("--format", "html"), '{"environment": "dev"}', "it is about dev, and this one about prod"),
        (("--format", "html"), '{"environment": "prod", "items": {"D1": {}}}', "it judges only some items"),
        (("--format", "json"), "{}", "--history goes with --format html"),
        (("--format", "html", "--only", "D1"), "{}", "a part has no trend"),
    ],
)
def test_a_history_that_says_nothing_is_refused(tmp_path, arguments, content, said):
    (tmp_path / "README.md").write_text("A service.")
    if content is not None:
        (tmp_path / "before.json").write_text(content)
    code, _, errors = readiness(tmp_path, "check", ".", "--history", "before.json", *arguments)
    assert code == 2
    assert said in errors
