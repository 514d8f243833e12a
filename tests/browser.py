"""Headless Chromium for the tests, cut off from every host but this one.

It is told what to do over a pipe, in the DevTools protocol. The command line alone would do for a screenshot, were a
window not at least 500 pixels wide.
"""

import base64
import json
import os
import select
import subprocess
import time
from contextlib import contextmanager

FLAGS = [
    "--headless",
    "--no-sandbox",  # it opens no pages but ours
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
]
TROUBLE = {"Log.entryAdded", "Runtime.exceptionThrown"}


class Page:
    """A page of a running browser.

    Attributes:
        requested: every address that it asked for.
        trouble: what it complained of in its console: errors, refusals by its policy, failed loads.
    """

    def __init__(self, commands, events):
        self._commands, self._events, self._rest, self._number, self._session = commands, events, b"", 0, {}
        self.requested, self.trouble = [], []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = {"sessionId": self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        for part in ("Page", "Network", "Log", "Runtime"):
            self._call(f"{part}.enable")

    def open(self, address, width):
        """Goes to an address, in a window of so many pixels; a narrow one is a phone's."""
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self._call("Emulation.setDeviceMetricsOverride", **screen)
        assert "errorText" not in self._call("Page.navigate", url=address)

    def look(self, scheme="light", media="screen"):
        """Has the page shown in the colours that its reader prefers, or as it would be printed."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._call("Emulation.setEmulatedMedia", media=media, features=features)

    def press(self, key, code):
        """Presses a key, as somebody without a mouse does; its code is that of the DevTools protocol."""
        told = {"key": key, "code": key, "windowsVirtualKeyCode": code, "text": "\r" if key == "Enter" else ""}
        for kind in ("keyDown", "keyUp"):
            self._call("Input.dispatchKeyEvent", type=kind, **told)

    def value(self, expression):
        """What a JavaScript expression is worth in the page."""
        return self._call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def screenshot(self, path):
        """The whole page as a picture, however long it is."""
        picture = self._call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(picture))

    def _call(self, method, **params):
        self._number += 1
        message = {"id": self._number, "method": method, "params": params, **self._session}
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self._note(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def _note(self, event):
        if event["method"] == "Network.requestWillBeSent":
            self.requested.append(event["params"]["request"]["url"])
        if event["method"] in TROUBLE:
            self.trouble.append(event["params"])

    def _next(self):
        deadline = time.monotonic() + 60
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._events], [], [], max(0, deadline - time.monotonic()))
            read = os.read(self._events, 1 << 20) if ready else b""
            assert read, "the browser is gone, or says nothing"
            self._rest += read
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


@contextmanager
def browsing(command, profile):
    """A page of a browser of its own, which ends with it."""
    commands_in, commands = os.pipe()
    events, events_out = os.pipe()

    def where_it_expects_them():
        for end, number in ((commands_in, 103), (events_out, 104), (103, 3), (104, 4)):
            os.dup2(end, number)

    process = subprocess.Popen(
        [command, *FLAGS, f"--user-data-dir={profile}"],
        stderr=subprocess.DEVNULL,
        preexec_fn=where_it_expects_them,
        pass_fds=(3, 4),
    )
    os.close(commands_in)
    os.close(events_out)
    try:
        yield Page(commands, events)
    finally:
        process.terminate()
        process.wait(timeout=30)
        os.close(commands)
        os.close(events)
