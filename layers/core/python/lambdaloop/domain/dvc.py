"""DVC's pointer files: where the data they stand for lie in a remote on S3, and how to tell that these are the right bytes.

https://dvc.org/doc/user-guide/project-structure/dvc-files; layouts: DVC 3 writes files/md5/ab/cdef…, DVC 2 wrote ab/cdef…,
and what an old pointer names still lies there.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lambdaloop.domain.errors import DatasetInvalidError

POINTER = ".dvc"
_MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True, slots=True, kw_only=True)
class DvcRemote:
    """A folder of a bucket."""

    bucket: str | None
    """None for the data bucket."""
    prefix: str
    """Empty, or ends in a slash."""

    @classmethod
    def parse(cls, text: str) -> "DvcRemote":
        """`s3://BUCKET/PREFIX`, or a prefix of the data bucket; ValueError for anything else.

        >>> DvcRemote.parse("s3://team-data/dvc")
        DvcRemote(bucket='team-data', prefix='dvc/')
        """
        scheme, found, rest = text.partition("://")
        bucket, _, folder = (rest if found else f"/{text}").partition("/")
        folder = folder.strip("/")
        wrong = (found and (scheme != "s3" or not _BUCKET.fullmatch(bucket))) or any(c in text for c in "*?$")
        if wrong or (not found and not folder):
            raise ValueError(
                f"dvc_remote must be s3://BUCKET/PREFIX or a key prefix in the data bucket, such as dvc/, got {text!r}"
            )
        return cls(bucket=bucket or None, prefix=f"{folder}/" if folder else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class DvcFile:
    """One file, or the list of a directory's files, as a pointer names it."""

    path: str
    """Relative to the pointer's folder."""
    md5: str
    size: int | None
    layout: int
    """Of DVC 3 or 2."""

    @property
    def is_directory(self) -> bool:
        """Whether its object lists files."""
        return self.md5.endswith(".dir")

    def key(self, remote: DvcRemote) -> str:
        """Where it lies."""
        folder = "files/md5/" if self.layout == 3 else ""
        return f"{remote.prefix}{folder}{self.md5[:2]}/{self.md5[2:]}"

    def check(self, content: bytes, *, source: str) -> None:
        """DatasetInvalidError unless these are the bytes that the pointer means."""
        if self.size is not None and not self.is_directory and len(content) != self.size:
            raise DatasetInvalidError(
                f"{source}: {self.path} has {len(content)} bytes in the remote, the pointer says {self.size}: `dvc push` again"
            )
        # DVC 2 took the digest of text files as if their lines ended as on Unix.
        possible = [content] if self.layout == 3 else [content, content.replace(b"\r\n", b"\n")]
        digests = [hashlib.md5(each, usedforsecurity=False).hexdigest() for each in possible]
        if self.md5.removesuffix(".dir") not in digests:
            raise DatasetInvalidError(
                f"{source}: {self.path} has md5 {digests[0]} in the remote, the pointer says {self.md5}: `dvc push` again"
            )

    def listed(self, content: bytes, *, source: str) -> Iterator["DvcFile"]:
        """The files of a directory, in the order of their names."""
        try:
            entries = json.loads(content)
            files = sorted((str(entry["relpath"]), str(entry["md5"])) for entry in entries)
        except (ValueError, TypeError, KeyError) as error:
            raise DatasetInvalidError(
                f"{source}: {self.path} is no list of files of DVC: {error!r}"
            ) from error
        for name, md5 in files:
            yield DvcFile(
                path=f"{self.path}/{name}", md5=_checked(md5, source), size=None, layout=self.layout
            )


def read_pointer(document: Any, *, source: str) -> list[DvcFile]:
    """What a parsed pointer file names; DatasetInvalidError says what is not understood."""
    outs = document.get("outs") if isinstance(document, dict) else None
    if not isinstance(outs, list) or not outs:
        raise DatasetInvalidError(f"{source} is no pointer file of DVC: it has no list of outs")
    return [_out(out, source) for out in outs]


def _out(out: Any, source: str) -> DvcFile:
    if not isinstance(out, dict) or not isinstance(out.get("path"), str):
        raise DatasetInvalidError(f"{source}: an entry of outs has no path")
    if "md5" not in out or out.get("hash", "md5") != "md5":
        raise DatasetInvalidError(
            f"{source}: {out['path']} is not named by its md5 (external or cloud-versioned data): `dvc add` it to a plain remote"
        )
    size = out.get("size")
    return DvcFile(
        path=out["path"],
        md5=_checked(str(out["md5"]), source),
        size=size if isinstance(size, int) else None,
        layout=3 if out.get("hash") == "md5" else 2,
    )


def _checked(md5: str, source: str) -> str:
    if not _MD5.fullmatch(md5):
        raise DatasetInvalidError(f"{source}: {md5!r} is no md5")
    return md5
