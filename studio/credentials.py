"""Content credentials (C2PA 2): a signed statement in a file of what made it and from what, which any change breaks.

Made where a certificate lies in the data folder and c2pa-python is installed. The statement holds no prompt, no name of
a file and no picture; nothing is fetched to make or to check it, so there is no time stamp by a third party either.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipelines.media.provenance import Origin, read_origin
from studio.versions import version

PACKAGE = "c2pa-python"
SIGNED = {  # ending -> type, of what we make
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
READ = SIGNED | {".jpeg": "image/jpeg", ".png": "image/png", ".avi": "video/x-msvideo"}
_QUIET = {  # nothing leaves the machine, no picture of the inputs goes into the file
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
}
_UNKNOWN_SIGNER = "signingCredential.untrusted"


@dataclass(frozen=True)
class Credentials:
    """Where a certificate and its key lie.

    chain   PEM: the certificate, then those that vouch for it
    key     PEM, for ES256; readable by its owner only
    """

    chain: Path
    key: Path

    @classmethod
    def in_folder(cls, root: Path) -> Credentials:
        """The place for them in a data folder, whether there are any or not."""
        return cls(root / "certificate" / "chain.pem", root / "certificate" / "key.pem")

    @property
    def are_there(self) -> bool:
        return self.chain.is_file() and self.key.is_file()

    @property
    def can_be_used(self) -> bool:
        """There is a certificate, and the package that signs with it."""
        return self.are_there and find_spec("c2pa") is not None

    def sign(self, file: Path, origin: Origin | None, given: Mapping[str, Path]) -> None:
        """Sign a finished file in place: last of all, for whatever changes it afterwards breaks the statement.

        origin   what the file is; None where that is not known
        given    field of the request -> the file that was given there; a video is what the clip was made of

        Raises whatever the package raises for a certificate that is not fit for this, and then the file is as it was.
        """
        from c2pa import Builder, C2paSignerInfo, C2paSigningAlg, Context, Signer

        signed = file.with_name(f"signed-{file.name}")
        info = C2paSignerInfo(C2paSigningAlg.ES256, self.chain.read_bytes(), self.key.read_bytes(), None)
        statement = {"claim_generator_info": [{"name": "Septet", "version": version()}], "format": SIGNED[file.suffix]}
        try:
            with (
                Context.from_dict(_QUIET) as context,
                Signer.from_info(info) as signer,
                Builder(statement, context) as builder,
            ):
                _tell(builder, origin, given)
                builder.sign_file(file, signed, signer)
            os.replace(signed, file)
        finally:
            signed.unlink(missing_ok=True)


def _tell(builder: Any, origin: Origin | None, given: Mapping[str, Path]) -> None:
    """Created from nothing, or edited from the video that was given; other files went into it."""
    from c2pa import C2paBuilderIntent, C2paDigitalSourceType

    files = {field: path for field, path in given.items() if path.suffix.lower() in READ}
    parent = next((field for field, path in files.items() if READ[path.suffix.lower()].startswith("video/")), None)
    if parent is None:
        kind = C2paDigitalSourceType.TRAINED_ALGORITHMIC_MEDIA
        builder.set_intent(C2paBuilderIntent.CREATE, kind)
    else:
        builder.set_intent(C2paBuilderIntent.EDIT)
        edited: dict[str, Any] = {"action": "c2pa.edited"}
        if origin is not None:
            edited["digitalSourceType"] = f"http://cv.iptc.org/newscodes/digitalsourcetype/{origin}"
        builder.add_action(edited)
    for field, path in files.items():
        relation = "parentOf" if field == parent else "componentOf"
        with path.open("rb") as file:
            builder.add_ingredient({"title": field, "relationship": relation}, READ[path.suffix.lower()], file)


@dataclass(frozen=True)
class Statement:
    """What a file's credentials say, and whether they still hold.

    signer    whose certificate signed it
    actions   in the standard's words
    origin    IPTC's digital source type, "" where it is not said
    altered   the file or the statement was changed after it was signed
    """

    signer: str
    actions: tuple[str, ...]
    origin: str
    altered: bool


def read_statement(file: Path) -> Statement | None:
    """The credentials in a file, None where it carries none. Looks at every byte; fetches nothing."""
    from c2pa import C2paError, Context, Reader

    kind = READ.get(file.suffix.lower())
    if kind is None:
        return None
    try:
        with (
            Context.from_dict(_QUIET) as context,
            file.open("rb") as stream,
            Reader(kind, stream, None, context) as found,
        ):
            told = json.loads(found.json())
    except C2paError.ManifestNotFound:
        return None
    except C2paError as error:
        return Statement("", (), str(error), altered=True)
    claim = told["manifests"][told["active_manifest"]]
    actions = [
        action
        for assertion in claim.get("assertions", [])
        if assertion["label"].startswith("c2pa.actions")
        for action in assertion["data"]["actions"]
    ]
    results = told.get("validation_results", {}).get("activeManifest", {})
    broken = [entry["code"] for entry in results.get("failure", []) if entry["code"] != _UNKNOWN_SIGNER]
    origins = [action["digitalSourceType"].rpartition("/")[2] for action in actions if "digitalSourceType" in action]
    return Statement(
        claim.get("signature_info", {}).get("common_name") or claim.get("signature_info", {}).get("issuer", ""),
        tuple(action["action"] for action in actions),
        origins[-1] if origins else "",
        altered=bool(broken),
    )


def findings(file: Path) -> Iterator[tuple[str, bool]]:
    """For `verify`: (a line, whether it says that something no longer holds)."""
    if find_spec("c2pa") is None:
        yield f"credentials    not looked for: {PACKAGE} is not installed (pip install -r requirements-c2pa.txt)", False
        return
    said = read_statement(file)
    if said is None:
        yield "credentials    none", False
    elif said.altered:
        yield "credentials    BROKEN: the file was changed after it was signed, or its signature is not whole", True
    else:
        actions = ", ".join(action.removeprefix("c2pa.") for action in said.actions)
        yield f"credentials    intact, signed by {said.signer!r} (whom no list of trust was asked about)", False
        yield f"  {actions:20} {said.origin}", False


def sign_if_possible(root: Path, file: Path, given: Mapping[str, Path]) -> str | None:
    """Sign a finished clip where the data folder holds a certificate; a reason where it does but cannot be used.

    A clip that took an hour is worth more than its signature, so what goes wrong here is told and not raised.
    """
    credentials = Credentials.in_folder(root)
    if not credentials.are_there or file.suffix not in SIGNED:
        return None
    if not credentials.can_be_used:
        return f"{PACKAGE} is not installed"
    from c2pa import C2paError

    try:
        credentials.sign(file, read_origin(file), given)
    except (C2paError, OSError) as error:
        return str(error)
    return None
