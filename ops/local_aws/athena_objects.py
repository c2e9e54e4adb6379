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
            name = hashlib.blake2b(f"{bucket}/{key}\0{kept.etag}".encode(), digest_size=16).hexdigest()
            path = folder / f"{name}{ending if ending.isascii() else ''}"
            if not path.exists():
                path.write_bytes(kept.value)
            files.append({"path": str(path), "values": values})
        return files

    def put(self, uri: str, file: Path, content_type: str) -> bool:
        """False where there is no such bucket."""
        return self._world.delivery.put_object(uri, file.read_bytes(), self._world.now(), content_type)
