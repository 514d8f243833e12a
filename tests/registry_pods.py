"""The pods of the model registry, as its stack makes them in AWS, run by a container engine on the loopback."""

import asyncio
import base64
import json
import subprocess
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager

from postgres import USER
from project import free_port, until
from stacks.registry.database import PORT as DATABASE_PORT
from stacks.registry.database_login import service_file
from stacks.registry.pod import ACCOUNTS_FOLDER, ADMIN, CONFIG_FOLDER, PORT, PodArgs, pod
from stacks.registry.server import basic_auth
from stacks.registry.settings import MlflowSettings
from stacks.registry.storage import SERVICE_FILE, SERVICE_FOLDER, in_cloud

ACCOUNT = "tumour-diagnosis"
SECRETS = dict(zip((*ADMIN, "MLFLOW_FLASK_SERVER_SECRET_KEY"), ("admin", "their-password", "of-sessions"), strict=True))


class Pods:
    """Several pods on one database.

    Args:
        image: the command that runs a container of the image, without network, up to the image's name.
        name: of the image.
        folder: where what they mount is made.
        database: a real PostgreSQL, in the place of RDS.
    """

    def __init__(self, image, name, folder, database):
        at = image.index("run")
        self._engine = image[:at]
        self._options = [word.replace("=none", "=host") for word in image[at + 1 :] if word != "--rm"]
        self._name = name
        self._database = database
        self._mounts = {inside: folder / inside[1:] for inside in (CONFIG_FOLDER, ACCOUNTS_FOLDER, SERVICE_FOLDER)}
        for path in self._mounts.values():
            path.mkdir(parents=True)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)
        storage = asyncio.run(_storage())
        self._put(CONFIG_FOLDER, "basic_auth.ini", basic_auth(storage.accounts))
        self.log_in()

    def log_in(self):
        """Bring the database's password to the pods, as External Secrets does."""
        text = asyncio.run(_service_file()).replace(f"port={DATABASE_PORT}", f"port={self._database.port}")
        for field, value in (("username", USER), ("password", self._database.password)):
            text = text.replace(f"{{{{ .{field} }}}}", value)
        self._put(SERVICE_FOLDER, SERVICE_FILE, text)

    def let_in(self, password):
        """Give the service's account a password, as the Secret does."""
        self._put(ACCOUNTS_FOLDER, ACCOUNT, password)

    def migrate(self):
        """What a pod does first; returns whether it succeeded."""
        first = asyncio.run(_spec(PORT))["init_containers"]
        commands = [self._command(container, PORT, "--rm") for container in first]
        return all(subprocess.run(command, capture_output=True).returncode == 0 for command in commands)

    @contextmanager
    def running(self):
        """One pod, its containers started together; its server is given."""
        port = free_port()
        with ExitStack() as stack:
            for container in asyncio.run(_spec(port))["containers"]:
                started = subprocess.run(
                    self._command(container, port, "-d"), capture_output=True, text=True, check=True
                )
                stack.callback(self._end, started.stdout.split()[-1])
            yield Server(port)

    def _end(self, container):
        said = subprocess.run([*self._engine, "logs", container], capture_output=True, text=True)
        print(said.stdout, said.stderr)
        subprocess.run([*self._engine, "rm", "-f", container], capture_output=True, check=True)

    def _put(self, where, name, text):
        (self._mounts[where] / name).write_text(text)

    def _command(self, container, port, *how):
        """What runs a container of the pod. Pods share this machine's network, so each has another port."""
        variables = {one["name"]: one.get("value") for one in container["env"]} | SECRETS
        told = [f"--env={name}={str(value).replace(f':{PORT}', f':{port}')}" for name, value in variables.items()]
        mounts = [f"--volume={path}:{inside}:ro" for inside, path in self._mounts.items()]
        program, *words = container.get("command", []) or [""]
        entry = [f"--entrypoint={program}"] if program else []
        words = [*words, *container.get("args", [])]
        return [*self._engine, "run", *how, *self._options, *told, *mounts, *entry, self._name, *words]


class Server:
    """MLflow, as its callers see it.

    Attributes:
        port: of 127.0.0.1.
    """

    def __init__(self, port):
        self.port = port

    def ask(self, method, path, password, body=None):
        """Status and answer to the service's account; None and nothing where it does not answer."""
        credentials = base64.b64encode(f"{ACCOUNT}:{password}".encode()).decode()
        head = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
        address = f"http://127.0.0.1:{self.port}/api/2.0/mlflow/{path}"
        request = urllib.request.Request(address, json.dumps(body).encode() if body else None, head, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, {}
        except OSError:
            return None, {}

    def knows(self, password):
        """Whether the service's account may come in with this password."""
        return self.ask("GET", f"users/get?username={ACCOUNT}", password)[0] == 200

    def wait_for(self, password):
        """Until the service's account has this password."""
        until(lambda: self.knows(password), 180)


async def _storage():
    return in_cloud("bucket", "secret", "10.0.0.0/16")


async def _service_file():
    return await service_file("127.0.0.1").future()


async def _spec(port):
    """The pod's specification, on the loopback and with its files in the container: there is no S3 here."""
    settings = MlflowSettings(tag="test", cpu="1", memory="1Gi", workers=1)
    names = dict.fromkeys(("image", "admin", "accounts", "config", "service_account"), "none")
    made = pod(PodArgs(settings=settings, storage=await _storage(), hosts=[f"127.0.0.1:{port}"], **names))
    server = made["containers"][0]
    kept = [word for word in server["args"] if isinstance(word, str)]
    assert len(kept) == len(server["args"]) - 1, "the artifacts' address alone is known later"
    swapped = {"--host=0.0.0.0": "--host=127.0.0.1", f"--port={PORT}": f"--port={port}"}
    server["args"] = [*(swapped.get(word, word) for word in kept), "--artifacts-destination=/tmp/artifacts"]
    return made
