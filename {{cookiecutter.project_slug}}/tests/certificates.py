"""Authorities and the certificates that they sign, for tests of TLS."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


class Authority:
    """Signs certificates.

    Attributes:
        path: its own certificate.
    """

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        built = self._build(self._name, self._key.public_key()).add_extension(x509.BasicConstraints(True, None), True)
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(built.sign(self._key, SHA256()).public_bytes(Encoding.PEM))

    def issue(self, name: str, use: x509.ObjectIdentifier = SERVER, passphrase: bytes = b"") -> tuple[Path, Path]:
        """A certificate for ``localhost`` and its key; both replaced if there were some of that name."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        built = (
            self._build(subject, key.public_key())
            .add_extension(x509.SubjectAlternativeName(names), False)
            .add_extension(x509.ExtendedKeyUsage([use]), False)
        )
        certificate, secret = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
        secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
        certificate.write_bytes(built.sign(self._key, SHA256()).public_bytes(Encoding.PEM))
        return certificate, secret

    def _build(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        serial, begin, end = x509.random_serial_number(), now - timedelta(days=1), now + timedelta(days=1)
        return x509.CertificateBuilder(self._name, subject, key, serial, begin, end)
