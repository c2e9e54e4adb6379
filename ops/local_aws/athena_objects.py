"""S3 as the embedded Athena uses it: objects of a folder, copies of them as files for the worker, results put back.

The caller holds the world's lock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.s3.models import s3_backends

if TYPE_CHECKING:
    from ops.local_aws.athena_catalog import Table
    from ops.local_aws.world import World

KEPT = 2
"""Versions of one object that stay as files: a statement that began before the last change may still read."""


class Objects:
    def __init__(self, world: World) -> None:
        self._world = world

    def bucket(self, name: str) -> Any:
        """moto's bucket, or None."""
        return s3_backends[self._world.account]["aws"].buckets.get(name)

    def create_bucket(self, name: str) -> None:
        if self.bucket(name) is None:
            s3_backends[self._world.account]["aws"].create_bucket(name, self._world.region)

    def keys(self, bucket: str, prefix: str) -> Iterator[str]:
        found = self.bucket(bucket)
        if found is not None:
            yield from (key for key in found.keys if key.startswith(prefix))

    def files_of(self, table: Table, folder: Path) -> list[dict[str, Any]]:
        """The table's objects as files: [{"path", "values": text of each partition key}], copied once each."""
        bucket, prefix = table.prefix()
        files = []
        for key in sorted(self.keys(bucket, prefix)):
            values = table.values(key)
            if values is None:
                continue
            kept = self.bucket(bucket).keys[key]
            ending = "".join(Path(key).suffixes[-2:])
            stem = _digest(f"{bucket}/{key}")
            path = folder / f"{stem}-{_digest(kept.etag)}{ending if ending.isascii() else ''}"
            if not path.exists():
                path.write_bytes(kept.value)
                versions = sorted(folder.glob(f"{stem}-*"), key=lambda each: each.stat().st_mtime_ns)
                for old in versions[:-KEPT]:
                    old.unlink()
            files.append({"path": str(path), "values": values})
        return files

    def put(self, uri: str, file: Path, content_type: str) -> bool:
        """False where there is no such bucket."""
        return self._world.delivery.put_object(uri, file.read_bytes(), self._world.now(), content_type)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
