"""Takes the place of the provider plugins: the real Pulumi engine talks to it as it would to them.

The engine attaches to what PULUMI_DEBUG_PROVIDERS names. One server answers for every package; behind it stands a
store for each: in memory, or for Kubernetes a real API server. It remembers what it was asked to do, and can be told
to fail.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import NamedTuple

import grpc
from google.protobuf.empty_pb2 import Empty
from google.rpc.status_pb2 import Status
from pulumi.runtime.proto import plugin_pb2 as plugin
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer, add_ResourceProviderServicer_to_server

from engine.diff import changed, replacing
from engine.wire import bare, read, written


class Call(NamedTuple):
    """One thing that was really done: not in a preview, not a check, not a comparison."""

    verb: str
    type: str
    name: str


class Refused(Exception):
    """The cloud says no."""


class Unready(Exception):
    """It was made, and did not become ready."""

    def __init__(self, reason, identity, state):
        super().__init__(reason)
        self.identity = identity
        self.state = state


class StandIn(ResourceProviderServicer):
    """Answers the engine for packages, each with its store (see memory.Memory and apiserver.ApiServer).

    Attributes:
        calls: what was created, updated and deleted, in that order.
    """

    def __init__(self, stores):
        self.stores = stores
        self.calls = []
        self._refused = {}
        self._held = {}

    @contextmanager
    def refusing(self, name, verb="create"):
        """Within it, the resource of that logical name can't be created (updated, deleted)."""
        self._refused[name] = verb
        try:
            yield
        finally:
            del self._refused[name]

    @contextmanager
    def holding(self, name):
        """Within it, the resource of that logical name is not done before the end; gives an event: it was begun."""
        self._held[name] = begun, go_on = Event(), Event()
        try:
            yield begun
        finally:
            go_on.set()
            del self._held[name]

    def touched(self):
        """The logical names of what was created, updated or deleted since the last time this was asked."""
        names = {call.name for call in self.calls}
        self.calls.clear()
        return names

    @contextmanager
    def served(self):
        """Serves on a free port; gives what PULUMI_DEBUG_PROVIDERS must say."""
        server = grpc.server(ThreadPoolExecutor(max_workers=32))
        add_ResourceProviderServicer_to_server(self, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield ",".join(f"{package}:{port}" for package in self.stores)
        finally:
            server.stop(grace=None).wait()

    def Handshake(self, request, context):
        return pb.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False, accept_outputs=False)

    def Attach(self, request, context):
        return Empty()

    def GetPluginInfo(self, request, context):
        return plugin.PluginInfo(version="999.0.0")

    def CheckConfig(self, request, context):
        return pb.CheckResponse(inputs=request.news)

    def DiffConfig(self, request, context):
        same = read(request.old_inputs) == read(request.news)
        return pb.DiffResponse(changes=pb.DiffResponse.DIFF_NONE if same else pb.DiffResponse.DIFF_SOME)

    def Configure(self, request, context):
        return pb.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Cancel(self, request, context):
        return Empty()

    def Check(self, request, context):
        store, kind, name = self._which(request.urn)
        inputs = store.complete(kind, name, read(request.olds), read(request.news))
        return pb.CheckResponse(inputs=written(inputs))

    def Diff(self, request, context):
        _, kind, _ = self._which(request.urn)
        olds, news = bare(read(request.old_inputs)), bare(read(request.news))
        names = [name for name in changed(olds, news) if name not in request.ignoreChanges]
        replaced = replacing(kind, olds, news) if names else []
        return pb.DiffResponse(
            changes=pb.DiffResponse.DIFF_SOME if names else pb.DiffResponse.DIFF_NONE,
            diffs=names,
            replaces=replaced,
            deleteBeforeReplace=bool(replaced) and kind.startswith("kubernetes:"),
        )

    def Create(self, request, context):
        store, kind, name = self._which(request.urn)
        inputs = read(request.properties)
        if request.preview:
            return pb.CreateResponse(properties=written(store.planned(kind, name, inputs)))
        with self._doing("create", request.urn, context):
            identity, state = store.create(kind, name, inputs)
            return pb.CreateResponse(id=identity, properties=written(state))

    def Update(self, request, context):
        store, kind, name = self._which(request.urn)
        inputs = read(request.news)
        if request.preview:
            return pb.UpdateResponse(properties=written({**read(request.olds), **inputs}))
        with self._doing("update", request.urn, context):
            return pb.UpdateResponse(properties=written(store.update(kind, name, request.id, inputs)))

    def Delete(self, request, context):
        store, kind, _ = self._which(request.urn)
        with self._doing("delete", request.urn, context):
            store.delete(kind, request.id)
            return Empty()

    def Read(self, request, context):
        store, kind, _ = self._which(request.urn)
        state = store.read(kind, request.id)
        if state is None:
            return pb.ReadResponse()
        return pb.ReadResponse(id=request.id, properties=written(state), inputs=request.inputs)

    def Invoke(self, request, context):
        store = self.stores[request.tok.split(":")[0]]
        try:
            return pb.InvokeResponse(**{"return": written(store.invoke(request.tok, bare(read(request.args))))})
        except Refused as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))

    def _which(self, urn):
        """The store of a resource's package, its type and its logical name."""
        _, _, types, name = urn.removeprefix("urn:pulumi:").split("::", 3)
        kind = types.rsplit("$", 1)[-1]
        return self.stores[kind.split(":")[0]], kind, name

    @contextmanager
    def _doing(self, verb, urn, context):
        """Tells the engine what went wrong as a plugin would, and remembers what went well."""
        _, kind, name = self._which(urn)
        try:
            if self._refused.get(name) == verb:
                raise Refused(f"{name}: told to fail")
            if name in self._held:
                begun, go_on = self._held[name]
                begun.set()
                go_on.wait()
            yield
        except Refused as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except Unready as error:
            self.calls.append(Call(verb, kind, name))
            detail = pb.ErrorResourceInitFailed(
                id=error.identity, properties=written(error.state), reasons=[str(error)]
            )
            status = Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
            status.details.add().Pack(detail)
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        self.calls.append(Call(verb, kind, name))
