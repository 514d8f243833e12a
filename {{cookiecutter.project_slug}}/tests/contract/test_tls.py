"""TLS, and mutual TLS, of the service as users run it."""

from __future__ import annotations

import re
import socket
import ssl
import warnings
from pathlib import Path

import pytest
from cryptography import x509

from certificates import CLIENT, Authority
from process import Installed, install
from running import until
from service.errors import SettingsError
from service.tls import Tls
from wire import Wire

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
