"""A real Prometheus on this machine, for as long as a test needs it."""

import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager

from needs import need_command
from project import end, free_port, until

SECONDS_BETWEEN = 1


class Prometheus:
    """A running one.

    Attributes:
        address: where it answers.
    """

    def __init__(self, address):
        self.address = address

    def ask(self, query):
        """The answer to a query now: pairs of labels and value.

        Raises:
            AssertionError: it cannot be asked so; tells why.
        """
        found = self.api("query", query=query)
        if found["resultType"] == "scalar":
            return [({}, float(found["result"][1]))]
        return [(sample["metric"], float(sample["value"][1])) for sample in found["result"]]

    def silent(self, queries):
        """Those queries that are not answered with a number."""
        return [query for query in queries if not [value for _, value in self.ask(query) if value == value]]

    def rules(self):
        """All rules, with their state."""
        return [rule for group in self.api("rules")["groups"] for rule in group["rules"]]

    def firing(self):
        """The names of the alerts that fire now."""
        return {alert["labels"]["alertname"] for alert in self.api("alerts")["alerts"] if alert["state"] == "firing"}

    def api(self, path, **parameters):
        url = f"{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode()}") from None

    def alive(self):
        try:
            return urllib.request.urlopen(f"{self.address}/-/ready", timeout=5).status == 200
        except OSError:
            return False


@contextmanager
def scraping(folder, rules, jobs, alertmanager=None):
    """Runs one that scrapes jobs and itself, and works out rules, every second, whatever their intervals.

    Args:
        folder: for its files.
        rules: by file name.
        jobs: scrape configurations.
        alertmanager: the port of one; None for none.
    """
    binary = need_command("prometheus")
    for name, content in rules.items():
        groups = [{**group, "interval": "1s"} for group in content["groups"]]
        (folder / name).write_text(json.dumps({"groups": groups}))
    every = {"scrape_interval": f"{SECONDS_BETWEEN}s", "evaluation_interval": f"{SECONDS_BETWEEN}s"}
    port = free_port()
    config = {"global": every, "rule_files": list(rules), "scrape_configs": [*jobs, job("prometheus", port)]}
    if alertmanager:
        config["scrape_configs"].append(job("alertmanager", alertmanager))
        config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]}
    (folder / "prometheus.yaml").write_text(json.dumps(config))  # JSON is YAML
    command = [binary, f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={folder}/data"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
    running = Prometheus(f"http://127.0.0.1:{port}")
    with started(command, folder / "prometheus.log", running.alive):
        yield running


def job(name, port):
    found = [{"targets": [f"127.0.0.1:{port}"], "labels": {"namespace": "observability"}}]
    return {"job_name": name, "static_configs": found}


@contextmanager
def alertmanager(folder):
    """Runs an Alertmanager that tells nobody; gives its port."""
    binary, port = need_command("alertmanager", "prometheus-alertmanager"), free_port()
    (folder / "alertmanager.yaml").write_text(
        json.dumps({"route": {"receiver": "none"}, "receivers": [{"name": "none"}]})
    )
    command = [binary, f"--config.file={folder}/alertmanager.yaml", f"--storage.path={folder}/alertmanager"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    with started(command, folder / "alertmanager.log", Prometheus(f"http://127.0.0.1:{port}").alive):
        yield port


@contextmanager
def started(command, log, alive):
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    try:
        until(lambda: alive() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield
    finally:
        end(process)
