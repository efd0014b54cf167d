"""Files that the configuration names: keys, certificates, secrets, folders.

A path is relative to the file that names it. `credential:NAME` means a credential that systemd hands
over (LoadCredential=, found in $CREDENTIALS_DIRECTORY). What is named is opened while the configuration
is checked, so that a missing key is a problem with a line, not a surprise at the first signature.
Secrets come from files alone; they never show in a representation, a dump or a message.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

from cryptography import x509
from pydantic import BeforeValidator, PlainSerializer, SecretStr, ValidationInfo

from axisd.config.units import Called

CREDENTIAL: Final = "credential:"
_SECRET_LENGTH: Final = 4096


@dataclass(frozen=True, slots=True)
class Base:
    """What paths are relative to: the folder of the configuration, and systemd's credentials. `instead`: files
    of systems' secrets that are to be read as if they held this, because they are yet to be written."""

    folder: Path
    credentials: Path | None = None
    instead: Mapping[Path, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, file: Path, instead: Mapping[Path, str] | None = None) -> Base:
        """For the configuration in `file`, in the process as systemd started it."""
        credentials = os.environ.get("CREDENTIALS_DIRECTORY")
        folder = file.absolute().parent
        return cls(folder, Path(credentials) if credentials else None, instead or {})

    def path(self, text: str) -> Path:
        """The place that `text` names. Raises ValueError with a sentence."""
        if not text.startswith(CREDENTIAL):
            return Path(os.path.normpath(self.folder / Path(text).expanduser()))
        name = text.removeprefix(CREDENTIAL)
        if not name or "/" in name:
            raise ValueError(f"{text!r} does not name a credential; write credential:NAME")
        if self.credentials is None:
            raise ValueError(
                f"{text!r}: this process was handed no credentials; run it under systemd with "
                f"LoadCredential={name}:FILE, or set CREDENTIALS_DIRECTORY to the folder of {name}"
            )
        return self.credentials / name


@dataclass(frozen=True, slots=True)
class SecretFile:
    """A secret of one line, and where it came from."""

    path: Path
    value: SecretStr


@dataclass(frozen=True, slots=True)
class SecretsFile:
    """Secrets of one line each, all of them valid, in the order of the file; at least one."""

    path: Path
    values: tuple[SecretStr, ...]


@dataclass(frozen=True, slots=True)
class CertificateFile:
    """The certificates of one PEM file, in its order; at least one."""

    path: Path
    certificates: tuple[x509.Certificate, ...] = field(repr=False)


def read_certificates(path: Path) -> CertificateFile:
    """Reads a PEM file. Raises ValueError with a sentence."""
    content = _read(path)
    try:
        certificates = x509.load_pem_x509_certificates(content)
    except ValueError as error:
        # What the library says is for programmers, at length.
        raise ValueError(f"{path} holds no PEM certificate that can be read") from error
    return CertificateFile(path, tuple(certificates))


def read_secrets(path: Path, content: bytes | None = None) -> SecretsFile:
    """Reads a file with one secret a line, or `content` as if it stood there; blank lines and space around
    a secret do not count.

    Raises ValueError with a sentence that holds nothing of the file.
    """
    content = _read(path) if content is None else content
    lines = [line.strip() for line in content.decode("utf-8", "replace").splitlines()]
    values = tuple(dict.fromkeys(line for line in lines if line))
    if not values:
        raise ValueError(f"{path} holds no secret; write one a line")
    for value in values:
        if len(value) > _SECRET_LENGTH or not value.isprintable() or "\ufffd" in value:
            raise ValueError(f"{path} must hold lines of text, one secret a line and nothing else")
    return SecretsFile(path, tuple(map(SecretStr, values)))


def _base(validation: ValidationInfo) -> Base:
    base = validation.context
    assert isinstance(base, Base), "validation of paths needs a Base as context"
    return base


def _folder(value: object, validation: ValidationInfo) -> Path:
    path = value if isinstance(value, Path) else _base(validation).path(_text(value))
    if path.exists() and not path.is_dir():
        raise ValueError(f"{path} is not a folder")
    return path


def _place(value: object, validation: ValidationInfo) -> Path:
    return value if isinstance(value, Path) else _base(validation).path(_text(value))


def _file(value: object, validation: ValidationInfo) -> Path:
    path = _place(value, validation)
    _read(path)
    return path


def _secret(value: object, validation: ValidationInfo) -> SecretFile:
    if isinstance(value, SecretFile):
        return value
    path = _place(value, validation)
    content = _read(path)
    text = content.decode("utf-8", "replace").rstrip("\r\n")
    if not text or len(text) > _SECRET_LENGTH or not text.isprintable():
        raise ValueError(f"{path} must hold one line of text, the secret and nothing else")
    return SecretFile(path, SecretStr(text))


def _secrets(value: object, validation: ValidationInfo) -> SecretsFile:
    if isinstance(value, SecretsFile):
        return value
    path = _place(value, validation)
    written = _base(validation).instead.get(path)
    return read_secrets(path, None if written is None else written.encode())


def _certificates(value: object, validation: ValidationInfo) -> CertificateFile:
    return (
        value
        if isinstance(value, CertificateFile)
        else read_certificates(_place(value, validation))
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("name a file")
    return value


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error


def _shown(value: SecretFile | SecretsFile | CertificateFile) -> str:
    return str(value.path)


Folder = Annotated[Path, BeforeValidator(_folder), Called("folder")]
"""A folder that need not exist yet."""

Place = Annotated[Path, BeforeValidator(_place), Called("path")]
"""A path that is made by us, such as a socket."""

InputFile = Annotated[Path, BeforeValidator(_file), Called("file")]
"""A file that can be read now."""

Secret = Annotated[
    SecretFile,
    BeforeValidator(_secret),
    PlainSerializer(_shown, return_type=str, when_used="json"),
    Called("file with one line"),
]
Secrets = Annotated[
    SecretsFile,
    BeforeValidator(_secrets),
    PlainSerializer(_shown, return_type=str, when_used="json"),
    Called("file with one secret a line"),
]
Certificates = Annotated[
    CertificateFile,
    BeforeValidator(_certificates),
    PlainSerializer(_shown, return_type=str, when_used="json"),
    Called("PEM file"),
]
