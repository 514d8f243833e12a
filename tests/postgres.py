"""A real PostgreSQL on 127.0.0.1, as RDS is one for MLflow: by TLS only, with one user and its password."""

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from needs import need
from project import free_port, until
from stacks.registry.database import NAME

DEBIAN = Path("/usr/lib/postgresql")
EVERYBODYS = "/tmp"
"""Where another user may go, too: not into the folders that tests get."""
USER = "mlflow"


class Postgres:
    """A server, and what its clients are told.

    Attributes:
        port: on which it listens.
        password: of its only user.
    """

    def __init__(self, port):
        self.port = port
        self.password = "first-password"

    def rotate(self, password):
        """Change the password, and end all connections that were made with the old one."""
        self.ask(f"ALTER USER {USER} PASSWORD '{password}'")
        self.password = password
        self.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

    def ask(self, statement, database=NAME):
        """What a statement gives, as text."""
        login = f"host=127.0.0.1 port={self.port} user={USER} dbname={database} sslmode=require"
        command = ["psql", "-w", "-qAt", "-v", "ON_ERROR_STOP=1", "-c", statement, login]
        told = {**os.environ, "PGPASSWORD": self.password}
        return subprocess.run(command, env=told, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


@contextmanager
def postgres():
    """A server until the end of the block."""
    programs = _programs()
    nobody = "nobody" if os.geteuid() == 0 else None  # it does not run as root
    found = Postgres(free_port())
    with tempfile.TemporaryDirectory(prefix="postgres-", dir=EVERYBODYS) as folder:
        home = Path(folder)
        _prepare(home, found, programs, nobody)
        sockets = ["-k", folder, "-h", "127.0.0.1", "-p", str(found.port)]
        quick = [word for setting in ("ssl=on", "fsync=off") for word in ("-c", setting)]
        command = [programs / "postgres", "-D", home / "data", *sockets, *quick]
        with (home / "log").open("w") as log:
            server = subprocess.Popen(command, user=nobody, stdout=log, stderr=log)
        try:
            until(lambda: _answers(found))
            found.ask(f"CREATE DATABASE {NAME}", "postgres")
            yield found
        finally:
            server.terminate()
            server.wait(60)


def _programs():
    """The folder of the server's programs, which Debian keeps off the PATH."""
    found = shutil.which("postgres")
    known = [Path(found).resolve().parent] if found else sorted(path.parent for path in DEBIAN.glob("*/bin/postgres"))
    need(known, "install PostgreSQL")
    return known[-1]


def _prepare(home, found, programs, nobody):
    (home / "password").write_text(found.password)
    subject = ["-subj", "/CN=localhost", "-days", "2", "-nodes"]
    made = ["-keyout", home / "server.key", "-out", home / "server.crt"]
    ready = ["openssl", "req", "-x509", "-newkey", "rsa:2048", *subject, *made]
    subprocess.run(ready, check=True, capture_output=True)
    if nobody:
        for path in (home, *home.iterdir()):
            os.chown(path, pwd.getpwnam(nobody).pw_uid, -1)
    options = ["-U", USER, "-A", "scram-sha-256", "--pwfile", home / "password", "--no-sync"]
    subprocess.run([programs / "initdb", "-D", home / "data", *options], user=nobody, check=True, capture_output=True)
    for name in ("server.key", "server.crt"):
        (home / name).rename(home / "data" / name)


def _answers(found):
    try:
        return found.ask("SELECT 1", "postgres") == "1"
    except subprocess.CalledProcessError:
        return False
