"""TLS: certificates from files, and the one by which this machine's own health probe gets in."""

from __future__ import annotations

import hashlib
import hmac
import logging
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from service.errors import SettingsError

log = logging.getLogger("service")
CERTIFICATE, KEY, CLIENT_CA = "SERVICE_TLS_CERTIFICATE", "SERVICE_TLS_KEY", "SERVICE_TLS_CLIENT_CA"


class Tls:
    """Certificates for a server, at least TLS 1.2; read anew when their files change, as they are renewed.

    Args:
        certificate: chain of the server's certificate, PEM.
        key: its private key, PEM.
        client_ca: authorities of the client certificates that are demanded, PEM; None demands none. Of an edited file,
            what is new counts at once, what is gone until the process ends.

    Attributes:
        not_after: when the first certificate of the chain expires, in seconds since 1970.

    Raises:
        SettingsError: names the variable of the file that will not do.
    """

    def __init__(self, certificate: Path, key: Path, client_ca: Path | None = None) -> None:
        self._certificate = certificate
        self._key = key
        self._client_ca = client_ca
        self._read: tuple[int, ...] | None = self._state()
        self._refused: tuple[tuple[int, ...], str] | None = None
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        self._load(self.context)
        self.not_after = self._expiry()

    def refresh(self) -> None:
        """Use renewed files, if they will do, for connections from now on; if not, try them again the next time."""
        state = self._state()
        if state == self._read:
            return
        self._read = None  # until all of it is used: no file need change for the next attempt to succeed
        try:
            self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))  # all of it, before any of it is used
            self._load(self.context)
            self.not_after = self._expiry()
        except (SettingsError, OSError) as error:
            self._refuse(state, str(error))
        else:
            self._read, self._refused = state, None
            log.info("renewed certificates loaded")

    def _refuse(self, state: tuple[int, ...], reason: str) -> None:
        """Tell why, once for the same files."""
        if self._refused != (state, reason):
            log.error("renewed certificates refused; the old ones stay", extra={"reason": reason})
        self._refused = state, reason

    def _load(self, context: ssl.SSLContext) -> None:
        for variable, path in ((CERTIFICATE, self._certificate), (KEY, self._key), (CLIENT_CA, self._client_ca)):
            if path is not None:
                _readable(variable, path)
        try:
            context.load_cert_chain(self._certificate, self._key, password=_no_passphrase)
        except (ssl.SSLError, ValueError) as error:
            raise SettingsError(
                f"{CERTIFICATE}, {KEY}: {self._certificate} and {self._key} are not a PEM certificate chain and its "
                f"unencrypted private key ({error})"
            ) from error
        if self._client_ca is None:
            return
        try:
            context.load_verify_locations(self._client_ca)
        except ssl.SSLError as error:
            raise SettingsError(f"{CLIENT_CA}: {self._client_ca} holds no PEM certificates ({error})") from error
        certificate, _ = _probe_credential(self._key.read_bytes())
        context.load_verify_locations(cadata=certificate.decode())
        context.verify_mode = ssl.CERT_REQUIRED

    def _expiry(self) -> float:
        try:
            chain = x509.load_pem_x509_certificates(self._certificate.read_bytes())
        except (OSError, ValueError) as error:
            raise SettingsError(f"{CERTIFICATE}: {self._certificate} cannot be read ({error})") from error
        return min(certificate.not_valid_after_utc for certificate in chain).timestamp()

    def _state(self) -> tuple[int, ...]:
        return tuple(map(_changed, (self._certificate, self._key, self._client_ca)))


def probe_context(key: Path) -> ssl.SSLContext:
    """How this machine's own health probe connects, whether or not client certificates are demanded.

    It asks the same machine and sends no secret, so it does not matter which name is in the server's certificate.

    Args:
        key: the server's private key, PEM.

    Raises:
        SettingsError: it cannot be read.
    """
    _readable(KEY, key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with _file(b"".join(_probe_credential(key.read_bytes()))) as credential:
        context.load_cert_chain(credential)
    return context


def _probe_credential(secret: bytes) -> tuple[bytes, bytes]:
    """A client certificate and its key, PEM, that whoever can read the server's private key can make: always the same.

    So the probe passes mutual TLS without a certificate of its own to issue, mount and renew.
    """
    seed = hmac.digest(secret, b"service health probe", "sha256")
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = key.public_key()
    mark = hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"service health probe {mark}")])
    builder = x509.CertificateBuilder(name, name, public, 1, datetime(2000, 1, 1), datetime(2100, 1, 1))
    certificate = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    return (
        certificate.sign(key, None).public_bytes(Encoding.PEM),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


@contextmanager
def _file(content: bytes) -> Iterator[Path]:
    """A file for one's own eyes, as OpenSSL reads keys from nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "credential.pem"
        path.touch(mode=0o600)
        path.write_bytes(content)
        yield path


def _readable(variable: str, path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise SettingsError(f"{variable}: {path} cannot be read ({error.strerror})") from error


def _no_passphrase() -> str:
    raise ValueError("the key is encrypted")


def _changed(path: Path | None) -> int:
    try:
        return path.stat().st_mtime_ns if path else 0
    except OSError:
        return 0
