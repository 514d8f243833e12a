"""Keeps MLflow's accounts what a folder says: each file is an account, its name the user's, its content the password.

Runs beside the server, as ``python accounts.py FOLDER``, and looks every few seconds, so a password that was changed in
a mounted Secret is the account's soon after. An account without a file is left alone: people make theirs in MLflow. The
standard library only, as this runs all the time and should take no memory to speak of.

Environment: MLFLOW_TRACKING_URI, and the administrator as MLFLOW_AUTH_ADMIN_USERNAME and MLFLOW_AUTH_ADMIN_PASSWORD.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

SECONDS = 10.0


class Account(NamedTuple):
    """Who somebody is to MLflow."""

    name: str
    password: str


class Server:
    """MLflow, as its administrator sees it."""

    def __init__(self, address: str, admin: Account) -> None:
        self._address = address
        self._admin = admin

    def knows(self, account: Account) -> bool:
        """Whether the account is there with this password."""
        return self._status("GET", f"users/get?username={account.name}", None, account) == 200

    def has(self, name: str) -> bool:
        """Whether there is such an account, whatever its password."""
        return self._status("GET", f"users/get?username={name}", None, self._admin) == 200

    def create(self, account: Account) -> None:
        """Make the account."""
        self._do("POST", "users/create", account)

    def change(self, account: Account) -> None:
        """Give the account its password."""
        self._do("PATCH", "users/update-password", account)

    def _do(self, method: str, path: str, account: Account) -> None:
        status = self._status(method, path, {"username": account.name, "password": account.password}, self._admin)
        if status != 200:
            raise OSError(f"{method} {path} for {account.name}: {status}")

    def _status(self, method: str, path: str, body: dict[str, str] | None, who: Account) -> int:
        credentials = base64.b64encode(f"{who.name}:{who.password}".encode()).decode()
        request = urllib.request.Request(
            f"{self._address}/api/2.0/mlflow/{path}",
            method=method,
            data=json.dumps(body).encode() if body else None,
            headers={"Authorization": f"Basic {credentials}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code


def wanted(folder: Path) -> list[Account]:
    """What the folder says. Kubernetes keeps folders of its own beside the files."""
    return [Account(path.name, path.read_text().strip()) for path in sorted(folder.iterdir()) if path.is_file()]


def apply(server: Server, account: Account) -> None:
    """Make one account what it should be. Nothing of its password is printed."""
    if server.knows(account):
        return
    if server.has(account.name):
        server.change(account)
        print(f"account {account.name}: new password", flush=True)
    else:
        server.create(account)
        print(f"account {account.name}: made", flush=True)


def main(folder: Path) -> None:
    """Go on until told to stop."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    admin = Account(os.environ["MLFLOW_AUTH_ADMIN_USERNAME"], os.environ["MLFLOW_AUTH_ADMIN_PASSWORD"])
    server = Server(os.environ["MLFLOW_TRACKING_URI"], admin)
    done: dict[str, Account] = {}
    while not stop.is_set():
        try:
            for account in wanted(folder):
                if done.get(account.name) != account:
                    apply(server, account)
                    done[account.name] = account
        except OSError as error:  # the server starts, or is away for a moment
            print(f"accounts: {error}; trying again", flush=True)
        stop.wait(SECONDS)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
