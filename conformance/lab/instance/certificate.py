"""A throw-away certificate for the lab's TLS server."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from conformance.postfix.installations import ENVIRONMENT, SEARCH_PATH
from scache.errors import UnavailableError

__all__ = ["make_certificate"]


def make_certificate(directory: Path) -> tuple[Path, Path]:
    """Make a self-signed certificate that is good for a day; the files of certificate and key.

    Raises UnavailableError where there is no openssl command.
    """
    openssl = shutil.which("openssl", path=SEARCH_PATH)
    if openssl is None:
        raise UnavailableError("no openssl on this machine to make a certificate with")
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-nodes", "-days", "1", "-subj", "/CN=sink.example"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        env=ENVIRONMENT,
        capture_output=True,
        check=True,
        timeout=20,
    )
    return certificate, key
