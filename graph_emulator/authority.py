"""The certificate authority, kept in the emulator's folder so that clients can go on trusting it."""

import os
import ssl
from pathlib import Path

import trustme

CA_FILE = "ca.pem"
KEY_FILE = "ca-key.pem"


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """The CA's file and a TLS context with a fresh certificate for localhost, 127.0.0.1 and ::1."""
    path, key_path = folder / CA_FILE, folder / KEY_FILE
    if path.exists() and key_path.exists():
        authority = trustme.CA.from_pem(path.read_bytes(), key_path.read_bytes())
    else:
        authority = trustme.CA()
        with os.fdopen(os.open(key_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(authority.private_key_pem.bytes())
        path.write_bytes(authority.cert_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    authority.issue_cert("localhost", "127.0.0.1", "::1").configure_cert(context)
    return path, context
