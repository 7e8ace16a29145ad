"""The server's own certificate authority: clients that trust it can connect by each name, and its files are renewed in time."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trackside.core import certificates
from trackside.core.certificates import LIFE, CertificateError, Files

NOW = datetime.now(UTC)
NAMES = ["localhost", "127.0.0.1", "::1", "tracks.example"]


def shakes_hands(files: Files, name: str, authority: Path) -> bool:
    """A client that trusts the authority alone takes the certificate for that name."""
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=str(authority))
    server.load_cert_chain(files.certificate, files.key)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(to_server, to_client, server_side=True)
    theirs = client.wrap_bio(to_client, to_server, server_hostname=name)
    for _ in range(4):
        for side in (theirs, ours):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError:
                return False
    return theirs.version() is not None


def test_a_certificate_is_valid_for_its_names_only(tmp_path: Path) -> None:
    files = certificates.prepare(tmp_path / "tls", NAMES)

    assert all(shakes_hands(files, name, files.authority) for name in NAMES)
    assert not shakes_hands(files, "other.example", files.authority)


def test_a_certificate_of_another_authority_is_not_trusted(tmp_path: Path) -> None:
    files, other = (certificates.prepare(tmp_path / name, NAMES) for name in ("one", "other"))

    assert not shakes_hands(files, "localhost", other.authority)


def test_key_files_are_private_to_their_owner(tmp_path: Path) -> None:
    certificates.prepare(tmp_path, NAMES)

    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert modes == {"ca.pem": 0o644, "ca.key": 0o600, "server.pem": 0o644, "server.key": 0o600}


def test_files_stay_until_they_end_soon_or_a_name_is_new(tmp_path: Path) -> None:
    first = certificates.prepare(tmp_path, NAMES).certificate.read_bytes()

    assert certificates.prepare(tmp_path, NAMES[:2]).certificate.read_bytes() == first
    renewed = certificates.prepare(tmp_path, NAMES, NOW + LIFE - timedelta(days=20)).certificate.read_bytes()
    assert renewed != first
    files = certificates.prepare(tmp_path, [*NAMES, "new.example"])
    assert files.certificate.read_bytes() != renewed
    assert shakes_hands(files, "new.example", files.authority)


def test_files_that_are_not_certificates_are_named(tmp_path: Path) -> None:
    certificates.prepare(tmp_path, NAMES)
    (tmp_path / "server.pem").write_text("garbage")

    with pytest.raises(CertificateError, match=str(tmp_path)):
        certificates.prepare(tmp_path, NAMES)
