"""The loop: one line in, one line out, until standard input ends."""

from __future__ import annotations

import json
import logging
import shutil
import signal
import sys
from typing import Any

from ops.local_aws.athena_worker import exporting, running
from ops.local_aws.athena_worker.refusals import Refused


def main(folder: str) -> int:
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # what it cannot say is said by the answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the serving process's to answer
    for line in sys.stdin:
        asked = json.loads(line)
        if asked == "bye":
            return 0
        try:
            say(exporting.write(asked) if "write" in asked else running.answer(asked, ask))
        except Refused as refused:
            say({"error": refused.said()})
    shutil.rmtree(folder, ignore_errors=True)  # the serving process went without a word
    return 0


def ask(question: dict[str, Any]) -> dict[str, Any]:
    """What the serving process answers to a question in between."""
    say(question)
    answer: dict[str, Any] = json.loads(sys.stdin.readline())
    return answer


def say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
