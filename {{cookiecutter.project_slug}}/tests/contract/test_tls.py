"""TLS, and mutual TLS, of the service as users run it."""

from __future__ import annotations

import os
import re
import select
import socket
import ssl
import warnings
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography import x509

from certificates import CLIENT, Authority
from process import Installed, install
from running import until
from service.errors import SettingsError
from service.http.protocol import Bounds
from service.http.server import ACCEPTED
from service.tls import Tls
from wire import Wire, listening

REFUSED = (ssl.SSLError, ConnectionError, EOFError)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def trusting(authority: Authority, client: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.path)
    if client is not None:
        context.load_cert_chain(*client)
    return context


def limited_to(version: ssl.TLSVersion) -> ssl.SSLContext:
    """A client that knows this version and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    return context


def expiry(certificate: bytes | None) -> float:
    """When a certificate (DER) expires."""
    assert certificate is not None
    return x509.load_der_x509_certificate(certificate).not_valid_after_utc.timestamp()


def told(wire: Wire) -> float:
    """When the certificate expires, say the metrics."""
    text = wire.get("/metrics").body.decode()
    return float(re.findall(r"^tls_certificate_not_after_timestamp_seconds (\S+)$", text, re.MULTILINE)[0])


def ended(installed: Installed, *arguments: str) -> tuple[int, list[str]]:
    """Exit code and errors of a command that ends by itself."""
    with installed.run(*arguments) as process:
        return process.code(), process.errors


def test_tls_from_1_2_on_and_health_and_renewal(tmp_path: Path, authority: Authority) -> None:
    certificate, key = authority.issue("server")
    installed = install(tmp_path, tls_certificate=certificate, tls_key=key, receive_seconds=1)
    with installed.run() as service:
        with service.wire(trusting(authority)) as wire:
            answer = wire.get("/readyz")
            assert (answer.status, answer.headers["strict-transport-security"]) == (200, "max-age=31536000")
            served = wire.socket.getpeercert(True)
            assert told(wire) == expiry(served)
        assert service.logged("ready")[0]["url"].startswith("https://")
        assert ended(installed.with_settings(port=service.port), "health") == (0, [])

        with service.wire(limited_to(ssl.TLSVersion.TLSv1_2)) as wire:
            assert wire.get("/readyz").status == 200
        with pytest.raises(ssl.SSLError, match=r"EOF|ALERT_PROTOCOL_VERSION"):
            service.wire(limited_to(ssl.TLSVersion.TLSv1_1))

        with socket.create_connection(("127.0.0.1", service.port), timeout=30) as silent:
            assert silent.recv(1) == b""  # nobody shook hands in time

        authority.issue("server")

        def renewed() -> bool:
            with service.wire(trusting(authority)) as wire:
                return wire.get("/healthz").status == 200 and wire.socket.getpeercert(True) != served

        until(renewed)
        with service.wire(trusting(authority)) as wire:
            fresh = expiry(wire.socket.getpeercert(True))
            until(lambda: told(wire) == fresh)
        certificate.write_text("no certificate")
        until(lambda: service.logged("renewed certificates refused; the old ones stay"))
        with service.wire(trusting(authority)) as wire:
            assert wire.get("/healthz").status == 200
        service.signal()
        assert service.code() == 0


def test_a_key_that_comes_after_its_certificate_is_noticed_though_its_time_is_old(
    tmp_path: Path, authority: Authority
) -> None:
    certificate, key = authority.issue("server")
    new_certificate, new_key = authority.issue("renewed")
    expected = ssl.PEM_cert_to_DER_cert(new_certificate.read_text())
    time = key.stat().st_mtime_ns
    with install(tmp_path, tls_certificate=certificate, tls_key=key).run() as service:
        assert service.port
        certificate.write_bytes(new_certificate.read_bytes())
        until(lambda: service.logged("renewed certificates refused; the old ones stay"))
        os.utime(new_key, ns=(time, time))
        new_key.replace(key)

        def renewed() -> bool:
            with service.wire(trusting(authority)) as wire:
                return wire.get("/healthz").status == 200 and wire.socket.getpeercert(True) == expected

        until(renewed)
        assert len(service.logged("renewed certificates loaded")) == 1


def test_connections_count_before_they_shake_hands_and_have_little_time_for_it(authority: Authority) -> None:
    tls, bounds, many = Tls(*authority.issue("server")), Bounds(receive_seconds=60, max_connections=2), 100
    with listening(bounds, tls=tls) as server, ExitStack() as stack:

        def admitted() -> bool:
            try:
                with Wire(server.port, trusting(authority)) as wire:
                    return wire.get("/").status == 200
            except REFUSED:
                return False

        address = ("127.0.0.1", server.port)
        silent = [stack.enter_context(socket.create_connection(address)) for _ in range(many)]
        over = many - bounds.max_connections - ACCEPTED
        until(lambda: len(select.select(silent, [], [], 0)[0]) == len(server.refused) == over)
        until(admitted)  # once those who say nothing are let go


def test_who_is_one_too_many_is_told_so(authority: Authority) -> None:
    with listening(Bounds(max_connections=2), tls=Tls(*authority.issue("server"))) as server, ExitStack() as stack:
        wires = [stack.enter_context(Wire(server.port, trusting(authority))) for _ in range(3)]
        assert [wire.get("/").status for wire in wires] == [200, 200, 503]


def test_mutual_tls_lets_in_who_has_a_certificate_and_the_health_probe(tmp_path: Path, authority: Authority) -> None:
    (tmp_path / "others").mkdir()
    clients = Authority(tmp_path, "clients")
    strangers = Authority(tmp_path / "others", "clients")
    certificate, key = authority.issue("server")
    installed = install(tmp_path, tls_certificate=certificate, tls_key=key, tls_client_ca=clients.path)
    with installed.run() as service:
        with service.wire(trusting(authority, clients.issue("client", CLIENT))) as wire:
            assert wire.get("/readyz").status == 200
        for uninvited in (None, strangers.issue("stranger", CLIENT)):
            with pytest.raises(REFUSED), service.wire(trusting(authority, uninvited)) as wire:
                wire.get("/readyz")
        assert ended(installed.with_settings(port=service.port), "health") == (0, [])
        stranger = installed.with_settings(port=service.port, tls_key=authority.issue("other")[1])
        code, errors = ended(stranger, "health")
        assert code == 1
        assert errors[0].startswith("not ready: ")


def test_files_that_will_not_do_are_named(tmp_path: Path, authority: Authority) -> None:
    nowhere, empty = tmp_path / "nowhere", tmp_path / "empty.pem"
    empty.touch()
    certificate, key = authority.issue("server")
    other, _ = authority.issue("other")
    _, locked = authority.issue("locked", passphrase=b"secret")
    wrong = {
        f"SERVICE_TLS_CERTIFICATE: {nowhere} cannot be read": (nowhere, key, None),
        f"SERVICE_TLS_KEY: {nowhere} cannot be read": (certificate, nowhere, None),
        f"SERVICE_TLS_CLIENT_CA: {nowhere} cannot be read": (certificate, key, nowhere),
        f"SERVICE_TLS_CLIENT_CA: {empty} holds no PEM": (certificate, key, empty),
        f"{other} and {key} are not a PEM certificate chain and its": (other, key, None),
        "the key is encrypted": (certificate, locked, None),
    }
    for told, files in wrong.items():
        with pytest.raises(SettingsError, match=re.escape(told)):
            Tls(*files)
    installed = install(tmp_path, tls_certificate=nowhere, tls_key=key)
    code, errors = ended(installed)
    assert code == 2
    assert errors == [f"error: SERVICE_TLS_CERTIFICATE: {nowhere} cannot be read (No such file or directory)\n"]
