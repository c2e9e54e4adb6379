"""Publishing through moto's SNS backend to the queues behind a topic, at a cost that stays flat."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import requests
from moto.core.exceptions import JsonRESTError, ServiceException
from moto.sns.models import sns_backends
from moto.sqs.models import Message, sqs_backends

from ops.local_aws.envelopes import stamp, wrapped

if TYPE_CHECKING:
    from ops.local_aws.world import World

log = logging.getLogger(__name__)


class Letter(Message):
    """A message in a queue whose text is written, and signed, when somebody looks at it: few ever are."""

    def __init__(self, message_id: str, write: Callable[[], str]) -> None:
        self._write: Callable[[], str] | None = write
        super().__init__(message_id, "")

    @property
    def body(self) -> str:
        if self._write is not None:
            self._text, self._write = self._write(), None
        return self._text

    @body.setter
    def body(self, text: str) -> None:
        self._text = text


class Topics:
    def __init__(self, world: World) -> None:
        self._world = world

    def exists(self, arn: str) -> bool:
        return self._topic(arn) is not None

    def publish(self, arn: str, subject: str | None, message: str) -> bool:
        """Hand a message to every subscription of the topic. False where there is no such topic.

        As with AWS, a subscription that cannot be served (its queue is gone) does not fail the publication.
        """
        topic = self._topic(arn)
        if topic is None:
            return False
        message_id = str(uuid.uuid4())
        subscriptions, _ = topic.sns_backend.list_subscriptions_by_topic(topic_arn=arn)
        for subscription in list(subscriptions):
            if subscription.protocol in ("http", "https"):
                arguments = (subscription, message, message_id, subject)
                threading.Thread(target=_send, args=arguments, name="sns-http", daemon=True).start()
            elif _is_plain_queue(subscription):
                self._enqueue(subscription, message, message_id, subject)
            else:
                _send(subscription, message, message_id, subject)
        return True

    def _topic(self, arn: str) -> Any:
        parts = arn.split(":")
        return sns_backends[parts[4]][parts[3]].topics.get(arn) if len(parts) == 6 else None

    def _enqueue(self, subscription: Any, message: str, message_id: str, subject: str | None) -> None:
        """What moto's send_message does, without walking the whole queue; and with retention."""
        _, _, _, region, account, name = subscription.endpoint.split(":")
        queue: Any = sqs_backends[account][region].queues.get(name)
        if queue is None:
            log.debug("not delivered: there is no queue %s", subscription.endpoint)
            return
        write = partial(str, message)
        if str(subscription.attributes.get("RawMessageDelivery")).lower() != "true":
            write = partial(wrapped, subscription, message, message_id, subject, stamp())
        sent: Any = Letter(str(uuid.uuid4()), write)
        sent.mark_sent(delay_seconds=queue.delay_seconds)
        sent.world_time = now = self._world.now()
        queue.add_message(sent)
        horizon = now - float(queue.message_retention_period)
        with queue._messages_lock:
            held = queue._messages
            if held and getattr(held[0], "world_time", now) < horizon:
                queue._messages = [m for m in held if getattr(m, "world_time", now) >= horizon]


def _is_plain_queue(subscription: Any) -> bool:
    return (
        subscription.protocol == "sqs"
        and not subscription.endpoint.endswith(".fifo")
        and not subscription.attributes.get("FilterPolicy")
    )


def _send(subscription: Any, message: str, message_id: str, subject: str | None) -> None:
    try:
        subscription.publish(message, message_id, subject=subject)
    except (JsonRESTError, ServiceException, requests.RequestException) as error:
        log.debug("not delivered to %s: %s", subscription.endpoint, error)
