"""A certificate authority of the server, and server certificates that it issues (X.509, RFC 5280).

Microsoft's clients require HTTPS.  If the operator provides no certificate, the server creates an authority once, which clients
must trust, and issues and renews certificates for its names.  It uses the package `cryptography`, an extra.
"""

import ipaddress
import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from msgspec import Struct

from trackside.core.disk import make_folder, sync_folder

AUTHORITY_LIFE = timedelta(days=3650)
LIFE = timedelta(days=397)  # the longest that browsers and Apple's libraries accept
RENEW = timedelta(days=30)
_EARLIER = timedelta(hours=1)  # tolerance for clocks that differ


class Files(Struct, frozen=True):
    """`authority` is the certificate that clients trust; the others are the server's."""

    authority: Path
    certificate: Path
    key: Path


class CertificateError(Exception):
    """A certificate cannot be created; the message gives the reason."""


def prepare(folder: Path, names: Sequence[str], now: datetime | None = None) -> Files:
    """Find or create an authority and a certificate for these host names and addresses.  Raise CertificateError."""
    now = now or datetime.now(UTC)
    try:
        x509, primitives = import_module("cryptography.x509"), _primitives()
    except ModuleNotFoundError:
        raise CertificateError("it needs the package cryptography; run: pip install 'trackside[secrets]'") from None
    make_folder(folder)
    found = Files(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    authority_key = folder / "ca.key"
    try:
        if not (found.authority.exists() and authority_key.exists()):
            _make_authority(x509, primitives, found.authority, authority_key, now)
        if not (found.key.exists() and _is_good(x509, found.certificate, names, now)):
            _make_certificate(x509, primitives, found, authority_key, names, now)
    except (OSError, ValueError) as error:
        raise CertificateError(f"The files in {folder} cannot be used: {error}") from None
    return found


def _primitives() -> Any:
    import_module("cryptography.hazmat.primitives.asymmetric.ec")
    import_module("cryptography.hazmat.primitives.serialization")
    return import_module("cryptography.hazmat.primitives")


def _make_authority(x509: Any, primitives: Any, where: Path, key_file: Path, now: datetime) -> None:
    key = primitives.asymmetric.ec.generate_private_key(primitives.asymmetric.ec.SECP256R1())
    name = _name(x509, f"Trackside {secrets.token_hex(4)}")  # unique among the authorities that a client may trust
    made = (
        _builder(x509, name, name, key.public_key(), now, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(x509, signs=True), critical=True)
        .sign(key, primitives.hashes.SHA256())
    )
    _write(key_file, _key_bytes(primitives, key), 0o600)
    _write(where, made.public_bytes(primitives.serialization.Encoding.PEM), 0o644)


def _make_certificate(
    x509: Any, primitives: Any, files: Files, authority_key: Path, names: Sequence[str], now: datetime
) -> None:
    authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
    signer = primitives.serialization.load_pem_private_key(authority_key.read_bytes(), password=None)
    key = primitives.asymmetric.ec.generate_private_key(primitives.asymmetric.ec.SECP256R1())
    made = (
        _builder(x509, _name(x509, names[0]), authority.subject, key.public_key(), now, LIFE)
        .add_extension(x509.SubjectAlternativeName([_said(x509, name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(x509, signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, primitives.hashes.SHA256())
    )
    encoding = primitives.serialization.Encoding.PEM
    _write(files.key, _key_bytes(primitives, key), 0o600)
    _write(files.certificate, made.public_bytes(encoding) + authority.public_bytes(encoding), 0o644)


def _builder(x509: Any, subject: Any, issuer: Any, public: Any, now: datetime, life: timedelta) -> Any:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(x509: Any, *, signs: bool) -> Any:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _is_good(x509: Any, certificate: Path, names: Sequence[str], now: datetime) -> bool:
    """Return whether the certificate is valid for some time, and for all these names."""
    if not certificate.exists():
        return False
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    said = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return bool(found.not_valid_after_utc > now + RENEW and {_said(x509, name) for name in names} <= set(said))


def _name(x509: Any, text: str) -> Any:
    return x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, text[:64])])


def _said(x509: Any, name: str) -> Any:
    try:
        return x509.IPAddress(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        return x509.DNSName(name)


def _key_bytes(primitives: Any, key: Any) -> bytes:
    serialization = primitives.serialization
    made: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made


def _write(file: Path, data: bytes, mode: int) -> None:
    """Write a file atomically, with its final permissions from the beginning."""
    new = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as made:
        made.write(data)
        made.flush()
        os.fsync(made.fileno())
    new.replace(file)
    sync_folder(file.parent)
