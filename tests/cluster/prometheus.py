"""A real Prometheus that scrapes what a ServiceMonitor selects, with the labels that the operator would give."""

import json
import subprocess
import urllib.parse
import urllib.request
from contextlib import contextmanager

import yaml

from needs import need_command
from project import free_port, until

EVERY = "1s"
"""Between two scrapes: the monitor's own interval is for years of data, not for a test."""


def config(monitor, kubeconfig):
    """A scrape configuration, as the operator makes it of a ServiceMonitor (its documentation names these labels)."""
    spec = monitor["spec"]
    service = "__meta_kubernetes_service_label_"
    keep = [(service + underscored(name), value) for name, value in spec["selector"]["matchLabels"].items()]
    keep += [("__meta_kubernetes_endpoint_port_name", end["port"]) for end in spec["endpoints"]]
    copied = {
        "namespace": "__meta_kubernetes_namespace",
        "service": "__meta_kubernetes_service_name",
        "pod": "__meta_kubernetes_pod_name",
        "job": service + underscored(spec["jobLabel"]),
    }
    copied |= {
        underscored(name): f"__meta_kubernetes_pod_label_{underscored(name)}" for name in spec["podTargetLabels"]
    }
    relabel = [{"source_labels": [label], "regex": value, "action": "keep"} for label, value in keep]
    relabel += [{"source_labels": [source], "target_label": target} for target, source in copied.items()]
    (end,) = spec["endpoints"]
    job = {"job_name": "service", "metrics_path": end["path"], "relabel_configs": relabel}
    found = {"role": "endpoints", "kubeconfig_file": kubeconfig}
    found["namespaces"] = {"names": [monitor["metadata"]["namespace"]]}
    return {
        "global": {"scrape_interval": EVERY, "scrape_timeout": EVERY},
        "scrape_configs": [{**job, "kubernetes_sd_configs": [found]}],
    }


def underscored(name):
    return "".join(char if char.isalnum() else "_" for char in name)


class Prometheus:
    """A running one."""

    def __init__(self, url):
        self.url = url

    def ask(self, query):
        """The values of a query's answer."""
        with urllib.request.urlopen(f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': query})}") as answer:
            return [float(sample["value"][1]) for sample in json.load(answer)["data"]["result"]]


@contextmanager
def prometheus(folder, host):
    """Starts one without anything to scrape: ``scrape`` gives it that. It listens on all addresses, on a free port."""
    port, file = free_port(), folder / "prometheus.yml"
    file.write_text("{}")
    options = [f"--config.file={file}", f"--storage.tsdb.path={folder / 'tsdb'}", "--web.enable-lifecycle"]
    with (folder / "prometheus.log").open("w") as log:
        command = [need_command("prometheus"), *options, f"--web.listen-address={host}:{port}"]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until(lambda: listening_at(host, port) or process.poll() is not None)
        assert process.poll() is None, (folder / "prometheus.log").read_text()
        yield Prometheus(f"http://{host}:{port}")
    finally:
        process.kill()
        process.wait()


def listening_at(host, port, path="/-/ready"):
    """Whether a server there says that it is well."""
    try:
        urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=5).close()
    except OSError:
        return False
    return True


def scrape(server, folder, monitor, kubeconfig):
    """Has it scrape what a ServiceMonitor selects."""
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config(monitor, kubeconfig)))
    urllib.request.urlopen(urllib.request.Request(f"{server.url}/-/reload", method="POST")).close()
