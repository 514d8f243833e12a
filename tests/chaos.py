"""Verified load: many connections that ask for predictions, and compare every answer with the only right one.

python chaos.py PLAN. What to do meanwhile comes as JSON lines on standard input: {"key": …}, or its end, which ends the
load. Ten times a second a line on standard output says how it stands; the last one, with ids, that it is over.
"""

import asyncio
import contextlib
import json
import sys
from collections import Counter
from dataclasses import dataclass, field

REQUESTS = 200
"""So many on one connection, then comes a new one: a new process gets its share."""
PATIENCE = 60
TOLERANCE = 1e-3
PROBLEM = "application/problem+json"


@dataclass
class Load:
    """What is asked, and what came of it.

    Every request sent is in the end one of these: ``answered`` rightly, ``refused`` with a problem document, ``lost``
    (the connection ended before the whole answer, or a proxy says that there is none), or ``wrong`` (whatever else).
    """

    port: int
    connections: int
    rows: list
    expected: dict
    key: str
    sent: int = 0
    answered: int = 0
    lost: int = 0
    wrong: list = field(default_factory=list)
    refused: Counter = field(default_factory=Counter)
    versions: Counter = field(default_factory=Counter)
    pending: Counter = field(default_factory=Counter)
    ids: list = field(default_factory=list)
    ending: bool = False

    async def client(self, number):
        """One connection after the other. One that is not accepted loses nothing: nothing was asked."""
        while not self.ending:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.01)
                continue
            with contextlib.suppress(OSError, EOFError, TimeoutError):
                await self.converse(reader, writer, number)
            writer.close()

    async def converse(self, reader, writer, number):
        for _ in range(REQUESTS):
            row, key = self.sent % len(self.rows), self.key
            name = f"{number}-{self.sent}"
            self.sent += 1
            self.pending[key] += 1
            try:
                writer.write(self.request(row, key, name))
                answer = await asyncio.wait_for(read(reader), PATIENCE)
            except (OSError, EOFError, TimeoutError):
                self.lost += 1
                raise
            finally:
                self.pending[key] -= 1
            self.judge(row, name, *answer)
            if self.ending or answer[1].get("connection") == "close":
                return

    def request(self, row, key, name):
        body = json.dumps({"rows": [self.rows[row]]}).encode()
        head = f"POST /v1/predict HTTP/1.1\r\nHost: a\r\nX-API-Key: {key}\r\nX-Request-ID: {name}\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def judge(self, row, name, status, headers, body):
        if status >= 500 and headers.get("content-type") != PROBLEM:
            self.lost += 1  # a proxy says that it got no answer
            return
        found = json.loads(body)
        if status != 200 and found.get("status") == status and headers["content-type"] == PROBLEM:
            self.refused[f"{status} {found['title']}"] += 1
            return
        right = self.expected.get(found.get("version")) if status == 200 else None
        ours = found.get("request_id") == headers["x-request-id"] == name
        if right and ours and abs(found["predictions"][0]["value"] - right[row]) < TOLERANCE:
            self.answered += 1
            self.versions[found["version"]] += 1
            self.ids.append(name)
        else:
            self.wrong.append(f"{status} to row {row} of request {name}: {body.decode()}")

    def totals(self):
        """How it stands; ``older`` are requests on their way with another key than the present one."""
        older = sum(number for key, number in self.pending.items() if key != self.key)
        names = ("sent", "answered", "lost", "wrong", "refused", "versions", "key")
        return {**{name: getattr(self, name) for name in names}, "older": older}


async def read(reader):
    """Status, headers and body of an answer."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.partition(": ") for line in head[1:] if line)
    headers = {name.lower(): value for name, _, value in pairs}
    length = headers.get("content-length")
    return int(head[0].split()[1]), headers, await (reader.readexactly(int(length)) if length else reader.read())


async def commands(load):
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        load.key = json.loads(line)["key"]
    load.ending = True


async def tell(load):
    while True:
        print(json.dumps(load.totals()), flush=True)
        await asyncio.sleep(0.1)


async def main(plan):
    load = Load(**plan)
    beside = [asyncio.create_task(work) for work in (commands(load), tell(load))]
    await asyncio.gather(*(load.client(number) for number in range(load.connections)))
    beside[1].cancel()
    print(json.dumps({**load.totals(), "ids": load.ids}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
