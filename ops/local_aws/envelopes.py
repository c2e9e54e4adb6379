"""What SNS wraps a message in for a queue or an HTTP endpoint, signed as AWS signs it.

Source: "Verifying the signatures of Amazon SNS messages" in AWS's documentation. As there, one certificate serves all
topics of a region. moto makes a key for every subscription and a certificate for every message, and keeps them all.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import moto.sns.models as sns
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

CERTIFICATE = "SimpleNotificationService-ebb.pem"
_VALID = timedelta(days=3650)
"""Before and after the moment it is made: simulated time may run fast."""
_MOTO_ACCOUNT = "123456789012"
"""Where moto looks for the certificates of all accounts."""


def envelope(
    subscription: Any,
    message: str,
    message_id: str,
    subject: str | None,
    message_attributes: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """In place of moto's Subscription.get_post_data: the document that a subscriber without raw delivery gets, now."""
    document = _document(subscription, message, message_id, subject, stamp())
    return document | ({"MessageAttributes": message_attributes} if message_attributes else {})


def wrapped(subscription: Any, message: str, message_id: str, subject: str | None, at: str) -> str:
    """The same as JSON, for a message that was published `at`."""
    return json.dumps(_document(subscription, message, message_id, subject, at), indent=2)


def stamp() -> str:
    """The present as SNS writes it."""
    return str(vars(sns)["iso_8601_datetime_with_milliseconds"]())


def _document(
    subscription: Any, message: str, message_id: str, subject: str | None, at: str
) -> dict[str, Any]:
    topic, region = subscription.topic, subscription.topic.sns_backend.region_name
    signed = {"Message": message, "MessageId": message_id}
    if subject:
        signed["Subject"] = subject
    signed |= {"Timestamp": at, "TopicArn": topic.arn, "Type": "Notification"}
    text = "".join(f"{name}\n{value}\n" for name, value in signed.items())
    signature = _key().sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    known = sns.sns_backends[_MOTO_ACCOUNT][region]._message_public_keys
    if CERTIFICATE not in known:
        known[CERTIFICATE] = _certificate(vars(sns)["utcnow"]())
    address = f"https://sns.{region}.amazonaws.com"
    return {
        **signed,
        "SignatureVersion": "2",
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": f"{address}/{CERTIFICATE}",
        "UnsubscribeURL": f"{address}/?Action=Unsubscribe&SubscriptionArn={subscription.arn}",
    }


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _certificate(now: datetime) -> bytes:
    """PEM, valid around `now`."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(_key().public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _VALID)
        .not_valid_after(now + _VALID)
        .sign(_key(), hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)
