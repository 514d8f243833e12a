"""Who is told of which alert: by amtool, and by a real Alertmanager that tells a real server."""

import json
import queue
import subprocess
import threading
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from needs import need_command
from project import free_port, listening, until
from stacks.observability.routes import KEYS, RECEIVERS_SECRET, WATCHDOG, Routing, alertmanager_config

ROUTING = Routing({"platform": "#platform", "ml": "#ml"}, "platform", "https://heartbeat.example/prod", "15m", "24h")


@pytest.fixture
def amtool(tmp_path):
    """amtool(config, "config", "routes", …) runs it on a configuration and gives what it printed."""
    command = need_command("amtool")

    def run(config, *words):
        file = tmp_path / "alertmanager.yml"
        file.write_text(yaml.safe_dump(config))
        words = [*words, str(file)] if words == ("check-config",) else [*words[:3], f"--config.file={file}", *words[3:]]
        return subprocess.run([command, *words], capture_output=True, text=True, timeout=60)

    return run


@pytest.mark.parametrize("notify", [True, False])
def test_alertmanager_takes_the_configuration(amtool, notify):
    done = amtool(alertmanager_config(ROUTING, notify), "check-config")
    assert done.returncode == 0, done.stdout + done.stderr


def test_amtool_would_notice_a_wrong_one(amtool):
    config = alertmanager_config(ROUTING)
    config["route"]["routes"][1]["receiver"] = "nobody"
    assert amtool(config, "check-config").returncode != 0


@pytest.mark.parametrize("notify", [True, False])
@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ({"severity": "page", "team": "ml", "service": "a"}, "on-call,second-line,chat-ml"),
        ({"severity": "page", "team": "platform"}, "on-call,second-line,chat-platform"),
        ({"severity": "ticket", "team": "ml"}, "tickets,chat-ml"),
        ({"severity": "info", "team": "ml"}, "chat-ml"),
        ({"severity": "page"}, "on-call,second-line,chat-platform"),
        ({"severity": "page", "team": "unheard-of"}, "on-call,second-line,chat-platform"),
        ({"severity": "critical", "team": "ml"}, "chat-ml"),
        ({}, "chat-platform"),
        ({"alertname": WATCHDOG, "severity": "none"}, "heartbeat"),
        ({"alertname": WATCHDOG, "severity": "page", "team": "ml"}, "heartbeat"),
    ],
)
def test_each_alert_reaches_those_who_should_know_and_nobody_else(amtool, labels, told, notify):
    words = [f"{key}={value}" for key, value in {"alertname": "Some", **labels}.items()]
    done = amtool(
        alertmanager_config(ROUTING, notify), "config", "routes", "test", f"--verify.receivers={told}", *words
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_configuration_replaces_all_of_the_charts_own():
    """Helm merges maps: a key that we left out would be the chart's, which sends everything nowhere."""
    route = alertmanager_config(ROUTING)["route"]
    assert {"receiver", "routes", "group_by", "group_wait", "group_interval", "repeat_interval"} <= set(route)


def test_it_holds_no_secret_and_every_secret_is_a_file_of_the_secret_that_it_mounts():
    files = set()

    def walk(value, key=""):
        if isinstance(value, dict):
            for name, held in value.items():
                walk(held, name)
        elif isinstance(value, list):
            for held in value:
                walk(held, key)
        elif key.endswith("_file"):
            files.add(value)
        else:
            assert key not in ("routing_key", "service_key", "api_url", "credentials", "password"), key

    walk(alertmanager_config(ROUTING))
    assert files == {f"/etc/alertmanager/secrets/{RECEIVERS_SECRET}/{key}" for key in KEYS}


def test_without_notifications_nothing_is_sent():
    assert all(set(receiver) == {"name"} for receiver in alertmanager_config(ROUTING, notify=False)["receivers"])


# A real Alertmanager


class Told:
    """What a server that stands for PagerDuty, the chat and the heartbeat was told."""

    def __init__(self):
        self.calls = queue.Queue()
        self._seen = []
        told = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                told.calls.put((self.path, self.headers.get("Authorization"), body))
                self.send_response(202 if self.path == "/pagerduty" else 200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def wait_for(self, wanted):
        """The first call for which wanted(path, authorization, body) holds, and which was not given before.

        Alertmanager tells its receivers side by side, in any order: what nobody waits for yet is kept.
        """
        while not (found := next((call for call in self._seen if wanted(*call)), None)):
            self._seen.append(self.calls.get(timeout=60))
        self._seen.remove(found)
        return found


@contextmanager
def alertmanager(folder, config):
    """A real one with this configuration; gives its address."""
    command = need_command("prometheus-alertmanager", "alertmanager")
    port = free_port()
    file, address = folder / "alertmanager.yml", f"127.0.0.1:{port}"
    file.write_text(yaml.safe_dump(config))
    words = [f"--config.file={file}", f"--storage.path={folder}/data", f"--web.listen-address={address}"]
    log = (folder / "log").open("w")
    process = subprocess.Popen([command, *words, "--cluster.listen-address="], stdout=log, stderr=log)
    try:
        until(lambda: listening(port))
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def post(address, *alerts):
    request = urllib.request.Request(
        f"{address}/api/v2/alerts", json.dumps(alerts).encode(), {"Content-Type": "application/json"}
    )
    assert urllib.request.urlopen(request, timeout=10).status == 200


def alert(name, severity, **more):
    annotations = {"summary": f"{name} is so", "description": "", "runbook_url": f"https://runbooks.example/{name}"}
    return {"labels": {"alertname": name, "severity": severity, "team": "ml", **more}, "annotations": annotations}


@pytest.fixture
def running(tmp_path):
    """An Alertmanager with our routes and short waits, and the server that it tells."""
    told = Told()
    folder = tmp_path / "keys"
    folder.mkdir()
    for key in KEYS:
        (folder / key).write_text(f"{told.address}/chat" if key == "chat" else f"key-of-{key}")
    routing = Routing({"ml": "#ml", "platform": "#platform"}, "platform", f"{told.address}/heartbeat", "2s", "24h")
    config = alertmanager_config(routing)
    text = json.dumps(config).replace(f"/etc/alertmanager/secrets/{RECEIVERS_SECRET}", str(folder))
    config = json.loads(text)
    config["global"]["pagerduty_url"] = f"{told.address}/pagerduty"
    config["route"]["group_wait"] = "0s"
    threading.Thread(target=told.server.serve_forever, daemon=True).start()
    try:
        with alertmanager(tmp_path, config) as address:
            yield address, told
    finally:
        told.server.shutdown()


def test_a_page_reaches_who_is_on_call_the_channel_and_then_the_second_line(running):
    address, told = running
    post(address, alert("ModelDown", "page", service="tumour-diagnosis"))
    seen = {}
    while set(seen) != {"key-of-on-call", "key-of-second-line", "#ml"}:
        _, _, body = told.wait_for(lambda path, *_: path in ("/pagerduty", "/chat"))
        seen.setdefault(body.get("routing_key") or body["channel"], (len(seen), body))
    assert seen["key-of-on-call"][0] < seen["key-of-second-line"][0], "the second line is told later"
    payload = seen["key-of-on-call"][1]["payload"]
    assert (payload["severity"], payload["summary"]) == ("critical", "PAGE ModelDown of tumour-diagnosis")
    (attachment,) = seen["#ml"][1]["attachments"]
    assert attachment["title_link"] == "https://runbooks.example/ModelDown"
    assert "ModelDown is so" in attachment["text"]


def test_the_watchdog_alone_reaches_the_heartbeat_with_its_token(running):
    address, told = running
    post(address, alert(WATCHDOG, "none"), alert("Ticket", "ticket"))
    _, authorization, body = told.wait_for(lambda path, *_: path == "/heartbeat")
    assert authorization == "Bearer key-of-heartbeat"
    assert [found["labels"]["alertname"] for found in body["alerts"]] == [WATCHDOG]
    told.wait_for(lambda path, _, body: path == "/chat" and "Ticket" in json.dumps(body))
