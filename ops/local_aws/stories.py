"""The default fleet: every endpoint tells its own story, anchored to the instant at which history ends.

Batches reach back for as long as the fleet may exist, thirteen months.
"""

from __future__ import annotations

from ops.local_aws.story_kit import DAY, HOUR, Kit, Story
from ops.local_aws.traffic import Batch, Traffic, office, quiet

MINUTE = 60.0
TTL_S = 21_600.0


def doc_async(kit: Kit, end: float) -> None:
    """The document model: sleeps at night and on weekends, wakes by policy, eight instances at its peak."""
    name = "doc-async"
    kit.quota("ml.g5.xlarge", 32)  # raised once: all who use the type together could ask for more than 16
    kit.config(name, "doc-async-v3", "ml.g5.xlarge", concurrency=1)
    traffic = Traffic(
        name,
        kit.seed,
        (12.0, 40.0),
        bursts=office(0.0, 7.2, 5.0, 22.5, weekend=0.02, steep=0.25),
        burst_size=(18, 28),
        burst_spread_s=40.0,
        background_error_rate=0.004,
    )
    kit.endpoint(name, "doc-async-v3", traffic, team="documents", stage="production")
    kit.bounds(name, 0, 8)
    kit.track(name, target=1.0)
    kit.wake(name)
    kit.watch(name)


def ocr_legacy(kit: Kit, end: float) -> None:
    """No policy on HasBacklogWithoutCapacity: a few requests wait until they expire, only a crowd wakes it."""
    name = "ocr-legacy"
    kit.config(name, "ocr-legacy-2024", "ml.g4dn.xlarge", concurrency=2, failure_path=False, topics=False)
    waiting = Batch(end - 41 * MINUTE - 1639 * TTL_S, TTL_S, 3, 240.0)
    crowd = Batch(end - 404 * DAY - 5 * HOUR, 3 * DAY, 36, 600.0, last=end - DAY)
    kit.endpoint(
        name,
        "ocr-legacy-2024",
        Traffic(name, kit.seed, (8.0, 25.0), batches=(waiting, crowd)),
        team="archive",
    )
    kit.bounds(name, 0, 4)
    kit.track(name)


def forms_berlin(kit: Kit, end: float) -> None:
    """Kept warm in business hours (Europe/Berlin) by a pair of scheduled actions."""
    name = "forms-berlin"
    kit.config(name, "forms-berlin-7", "ml.g5.xlarge", concurrency=2)
    traffic = Traffic(
        name,
        kit.seed,
        (3.0, 9.0),
        singles=office(0.0, 26.0, 8.0, 18.5),
        zone="Europe/Berlin",
        background_error_rate=0.002,
    )
    kit.endpoint(name, "forms-berlin-7", traffic, team="forms")
    kit.bounds(name, 0, 3)
    kit.track(name)
    kit.wake(name)
    kit.schedule(name, "warm-open", "cron(45 7 ? * MON-FRI *)", "Europe/Berlin", min=1)
    kit.schedule(name, "warm-close", "cron(0 19 ? * MON-FRI *)", "Europe/Berlin", min=0)


def receipt_scan(kit: Kit, end: float) -> None:
    """Never sleeps: somebody set the minimum to 1 eleven days ago and forgot it."""
    name = "receipt-scan"
    kit.config(name, "receipt-scan-2", "ml.g5.2xlarge", concurrency=2)
    kit.endpoint(
        name,
        "receipt-scan-2",
        Traffic(name, kit.seed, (5.0, 14.0), bursts=office(0.02, 0.5, 8, 18), burst_size=(3, 9)),
        team="finance",
    )
    kit.bounds(name, 0, 4)
    kit.track(name)
    kit.wake(name)
    kit.later(end - 11 * DAY, lambda: kit.by("sam").bounds(name, 1, 4))


def invoice_parse(kit: Kit, end: float) -> None:
    """Fails since a deploy three hours ago: more than a third of its requests end in a model error."""
    name = "invoice-parse"
    deployed = end - 3 * HOUR
    lately = Batch(end - 4 * HOUR, 180.0, 2, 170.0)
    kit.config(name, "invoice-parse-11", "ml.g5.xlarge", concurrency=2, image="11")
    traffic = Traffic(
        name,
        kit.seed,
        (15.0, 35.0),
        singles=office(0.0, 12.0, 7.0, 19.0),
        batches=(lately,),
        error_rate=0.38,
        errors_from=deployed + 6 * MINUTE,
        background_error_rate=0.001,
    )
    kit.endpoint(name, "invoice-parse-11", traffic, team="finance")
    kit.bounds(name, 0, 4)
    kit.track(name)
    kit.wake(name)

    def deploy() -> None:
        jane = kit.by("jane")
        jane.config(name, "invoice-parse-12", "ml.g5.xlarge", concurrency=2, image="12")
        jane.call(
            "sagemaker",
            "UpdateEndpoint",
            EndpointName=name,
            EndpointConfigName="invoice-parse-12",
            RetainAllVariantProperties=True,
        )

    kit.once_settled(name, deployed, deploy)


def contract_extract(kit: Kit, end: float) -> None:
    """Blocked by its quota while waking: the one allowed instance went to layout-detect an hour and a half ago."""
    name = "contract-extract"
    kit.config(name, "contract-extract-4", "ml.g6e.xlarge", concurrency=1)
    recent = Batch(end - 52 * MINUTE - 2459 * 4 * HOUR, 4 * HOUR, 4, 600.0)
    kit.quota("ml.g6e.xlarge", 1)
    kit.endpoint(
        name, "contract-extract-4", Traffic(name, kit.seed, (18.0, 45.0), batches=(recent,)), team="legal"
    )
    kit.bounds(name, 0, 1)
    kit.track(name)
    kit.wake(name)


def layout_detect(kit: Kit, end: float) -> None:
    """A real-time endpoint beside the others; moved to ml.g6e.xlarge an hour and a half ago."""
    name = "layout-detect"
    kit.config(name, "layout-detect-5", "ml.g6.xlarge", concurrency=None)
    kit.endpoint(
        name,
        "layout-detect-5",
        Traffic(name, kit.seed, (0.2, 0.9), singles=office(1.0, 14.0, 6, 22, 2.0)),
        team="documents",
    )

    def move() -> None:
        kit.config(name, "layout-detect-6", "ml.g6e.xlarge", concurrency=None, image="2")
        kit.call("sagemaker", "UpdateEndpoint", EndpointName=name, EndpointConfigName="layout-detect-6")

    kit.once_settled(name, end - 96 * MINUTE, move)


def archive_reocr(kit: Kit, end: float) -> None:
    """Busy: a long backlog from the archive drains, one batch a day, one every four hours from now on."""
    name = "archive-reocr"
    kit.config(name, "archive-reocr-2", "ml.g5.xlarge", concurrency=2)
    last = end - 37 * MINUTE
    nightly = Batch(last - 28 * DAY, DAY, 520, 900.0, last=last + MINUTE)
    before = Batch(last - 404 * DAY, DAY, 520, 900.0, last=last - 29 * DAY - HOUR)  # one night was left out
    coming = Batch(last + 4 * HOUR, 4 * HOUR, 520, 900.0)
    kit.endpoint(
        name,
        "archive-reocr-2",
        Traffic(name, kit.seed, (30.0, 62.0), quiet, batches=(before, nightly, coming)),
        team="archive",
    )
    kit.bounds(name, 0, 4)
    kit.track(name, target=10.0)
    kit.wake(name)


DEFAULT = (
    Story("doc-async", "the document model: sleeps at night and on weekends, wakes by policy", doc_async),
    Story("ocr-legacy", "cannot wake: no policy starts the first instance", ocr_legacy),
    Story("forms-berlin", "kept warm in business hours (Europe/Berlin)", forms_berlin),
    Story("receipt-scan", "never sleeps: a minimum of 1 was forgotten", receipt_scan),
    Story("invoice-parse", "fails since a deploy three hours ago", invoice_parse),
    Story("layout-detect", "a real-time endpoint", layout_detect),
    Story("contract-extract", "blocked by its quota while waking", contract_extract),
    Story("archive-reocr", "busy with a long backlog that drains", archive_reocr),
)
