"""A real Prometheus that scrapes what a ServiceMonitor selects, with the labels that the operator would give."""

import json
import subprocess
import threading
import urllib.parse
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import yaml

from needs import need_command
from project import free_port, until

EVERY = "1s"
"""Between two scrapes: the monitor's own interval is for years of data, not for a test."""


def config(monitor, discovery):
    """A scrape configuration, as the operator makes it of a ServiceMonitor (its documentation names these labels).

    Args:
        monitor: the object.
        discovery: URL that lists what is there; Debian's Prometheus cannot ask Kubernetes by itself.
    """
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
    return {
        "global": {"scrape_interval": EVERY, "scrape_timeout": EVERY},
        "scrape_configs": [{**job, "http_sd_configs": [{"url": discovery, "refresh_interval": "5s"}]}],
    }


def underscored(name):
    return "".join(char if char.isalnum() else "_" for char in name)


class Prometheus:
    """A running one.

    Args:
        url: where it answers.
        folder: where it keeps its configuration and data.
    """

    def __init__(self, url, folder):
        self.url, self.folder = url, folder

    def ask(self, query):
        """The values of a query's answer."""
        with urllib.request.urlopen(f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': query})}") as answer:
            return [float(sample["value"][1]) for sample in json.load(answer)["data"]["result"]]


@contextmanager
def prometheus(folder, host):
    """Starts one, on a free port of an address, with nothing to scrape yet."""
    port, file = free_port(), folder / "prometheus.yml"
    file.write_text("{}")
    options = [f"--config.file={file}", f"--storage.tsdb.path={folder / 'tsdb'}", "--web.enable-lifecycle"]
    with (folder / "prometheus.log").open("w") as log:
        command = [need_command("prometheus"), *options, f"--web.listen-address={host}:{port}"]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until(lambda: listening_at(host, port) or process.poll() is not None)
        assert process.poll() is None, (folder / "prometheus.log").read_text()
        yield Prometheus(f"http://{host}:{port}", folder)
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


@contextmanager
def scraped(server, kube, monitor):
    """Has it scrape what a ServiceMonitor selects, as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(targets(kube)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Nobody reads it."""

    discovery = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=discovery.serve_forever, daemon=True).start()
    try:
        configure(server, config(monitor, f"http://127.0.0.1:{discovery.server_port}/"))
        yield
    finally:
        discovery.shutdown()
        discovery.server_close()


def configure(server, config):
    (server.folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    urllib.request.urlopen(urllib.request.Request(f"{server.url}/-/reload", method="POST")).close()


def targets(kube):
    """Each port of each pod behind each Service, with the labels that Prometheus's own discovery would give."""
    items = kube.get("services,endpointslices,pods")["items"]
    labels = {(one["kind"], one["metadata"]["name"]): one["metadata"].get("labels", {}) for one in items}
    found = []
    for part in (one for one in items if one["kind"] == "EndpointSlice"):
        service = part["metadata"]["labels"]["kubernetes.io/service-name"]
        for end in part["endpoints"] or []:
            pod = end["targetRef"]["name"]
            meta = {"namespace": kube.namespace, "service_name": service, "pod_name": pod}
            meta |= {f"service_label_{underscored(k)}": v for k, v in labels.get(("Service", service), {}).items()}
            meta |= {f"pod_label_{underscored(k)}": v for k, v in labels.get(("Pod", pod), {}).items()}
            for port in part["ports"]:
                told = {**meta, "endpoint_port_name": port["name"]}
                address = f"{end['addresses'][0]}:{port['port']}"
                found.append({"targets": [address], "labels": {f"__meta_kubernetes_{k}": v for k, v in told.items()}})
    return found
