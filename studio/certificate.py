"""A certificate of this machine's own, for content credentials where the operator has none that others trust."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipelines.errors import InputError
from studio.credentials import Credentials

AUTHORITY_DAYS, CERTIFICATE_DAYS = 3650, 1825


def make_certificate(root: Path) -> Credentials:
    """An authority of its own and a certificate under it, as C2PA asks for, P-256. Raises InputError if there is one.

    The authority's key is thrown away: nothing else can ever be signed in its name.
    """
    if find_spec("cryptography") is None:
        raise InputError("A certificate is made with c2pa-python. Get it with: pip install -r requirements-c2pa.txt")
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    where = Credentials.in_folder(root)
    if where.chain.exists() or where.key.exists():
        raise InputError(f"There is a certificate in {where.chain.parent} already. Move it away to make a new one.")
    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    upper = _certificate("Septet, this machine's authority", authority.public_key(), None, authority)
    lower = _certificate(f"Septet on {platform.node() or 'a machine'}", own.public_key(), upper, authority)
    where.chain.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(where.key, own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    _write(where.chain, lower.public_bytes(Encoding.PEM) + upper.public_bytes(Encoding.PEM))
    return where


def _certificate(name: str, key: Any, issuer: Any, signing: Any) -> Any:
    """An authority where `issuer` is None, else a certificate for signing, which C2PA files under mail."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Septet"), x509.NameAttribute(NameOID.COMMON_NAME, name[:64])]
    )
    top, now = issuer is None, datetime.now(UTC)
    usage = dict.fromkeys(
        "content_commitment key_encipherment data_encipherment key_agreement encipher_only decipher_only".split(), False
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if top else issuer.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=AUTHORITY_DAYS if top else CERTIFICATE_DAYS))
        .add_extension(x509.BasicConstraints(ca=top, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=not top, key_cert_sign=top, crl_sign=top, **usage), critical=True
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )
    if not top:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False
        ).add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=True)
    return builder.sign(signing, SHA256())


def _write(path: Path, content: bytes) -> None:
    """A new file that only its owner can read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
