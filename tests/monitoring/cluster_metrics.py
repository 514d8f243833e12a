"""Tells Prometheus what a cluster would tell: ``cluster.prom``, of a service called ``SERVICE``."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent
SERVICE = "tumour-diagnosis"


def cluster_job(port):
    found = [{"targets": [f"127.0.0.1:{port}"]}]
    return {"job_name": "kube-state-metrics", "honor_labels": True, "static_configs": found}


@contextmanager
def cluster():
    """Serves what a cluster would tell; gives the port."""
    text = (HERE / "cluster.prom").read_text().replace("SERVICE", SERVICE).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
