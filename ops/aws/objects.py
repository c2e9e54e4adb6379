"""Objects in S3 that belong to requests: whether they are there, their beginning, and signed addresses. Facts C.3."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator, Mapping
from pathlib import Path

from boto3.exceptions import RetriesExceededError
from botocore import exceptions as boto

from ops.aws import results
from ops.aws.calls import MISSING, Reading, failed, refused
from ops.core.errors import BadInput, Denied, OpsError, Unreachable
from ops.core.request_seen import ObjectSeen
from ops.core.views_failures import ObjectText

SIGNED_S = 3600
GONE = (MISSING, "NoSuchKey", "NoSuchBucket", "NotFound")


def head(reading: Reading, uri: str) -> ObjectSeen | None:
    """An object, or None where there is none. Raises Denied, also where S3 hides whether there is one: it answers
    403 for what is missing unless s3:ListBucket is allowed."""
    bucket, key = object_of(uri)
    try:
        answer = reading.ask("s3", "HeadObject", Bucket=bucket, Key=key)
    except Denied as error:
        if not error.action.startswith("s3:"):
            raise
        said = f"AWS denied {error.action} for {uri}, or nothing is there yet: without s3:ListBucket S3 does not say."
        hidden = Denied(error.action, said)
        hidden.hint = f"{error.hint} Allow s3:ListBucket of the bucket, too."
        raise hidden from error
    except OpsError as error:
        if error.code in GONE:
            return None
        raise
    return ObjectSeen(uri, answer["LastModified"], int(answer.get("ContentLength", 0)))


def under(reading: Reading, uri: str) -> Iterator[ObjectSeen]:
    """All objects whose address begins with `uri`, a thousand for each call. Raises OpsError."""
    bucket, prefix = object_of(uri)
    token: str | None = None
    while True:
        more = {"ContinuationToken": token} if token else {}
        try:
            answer = reading.ask("s3", "ListObjectsV2", Bucket=bucket, Prefix=prefix, **more)
        except OpsError as error:
            if error.code in GONE:
                return
            raise
        for wire in answer.get("Contents", ()):
            found = results.parse_object(bucket, wire)
            if found is not None:
                yield ObjectSeen(f"s3://{bucket}/{found.key}", found.modified, found.size)
        token = answer.get("NextContinuationToken")
        if not token:
            return


def no_bucket(reading: Reading, uri: str) -> str:
    """The bucket of an s3:// address where S3 says that there is none of that name; "" where there is, or nobody knows.

    Denied, another region and a network that is away tell nothing.
    """
    bucket = uri.removeprefix("s3://").partition("/")[0]
    if not uri.startswith("s3://") or not bucket:
        return ""
    try:
        reading.ask("s3", "ListObjectsV2", Bucket=bucket, MaxKeys=1)
    except OpsError as error:
        return bucket if error.code == "NoSuchBucket" else ""
    return ""


def read(reading: Reading, uri: str) -> ObjectText:
    """The beginning of an object, at most 64 KB. Raises Denied, OpsError."""
    bucket, key = object_of(uri)
    return results.read(reading, f"s3://{bucket}", key)


def download(reading: Reading, uri: str, path: Path) -> None:
    """A whole object into a file, in parts and with flat memory. Raises Denied, OpsError."""
    bucket, key = object_of(uri)
    try:
        reading.session.client("s3").download_file(bucket, key, str(path))
    except boto.ClientError as error:
        raise refused(error, "s3", "GetObject", reading.session) from error
    except boto.BotoCoreError as error:
        raise failed(error, "s3", "GetObject", reading.session) from error
    except RetriesExceededError as error:
        raise Unreachable(
            f"{uri} could not be fetched: its transfer broke off several times.",
            "Check the network; try again.",
        ) from error


def object_of(uri: str) -> tuple[str, str]:
    """(bucket, key) of an s3:// address. Raises BadInput."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket or not key:
        raise BadInput(
            f"{uri!r} is not the address of an object in S3.", "It should be like s3://bucket/key."
        )
    return bucket, key


def presign_get(reading: Reading, uri: str) -> str:
    """A signed address to download an object, good for an hour or until the credentials end. Raises OpsError."""
    bucket, key = object_of(uri)
    name = urllib.parse.quote(key.rpartition("/")[2])
    shown = f"attachment; filename*=UTF-8''{name}"
    return signed(reading, "get_object", {"Bucket": bucket, "Key": key, "ResponseContentDisposition": shown})


def signed(reading: Reading, operation: str, params: Mapping[str, str]) -> str:
    try:
        client = reading.session.client("s3")
        return str(client.generate_presigned_url(operation, Params=dict(params), ExpiresIn=SIGNED_S))
    except boto.ClientError as error:  # of assuming a role: to sign asks nothing else
        raise refused(error, "s3", operation, reading.session) from error
    except boto.BotoCoreError as error:
        raise failed(error, "s3", operation, reading.session) from error
