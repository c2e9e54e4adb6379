"""Filter patterns of CloudWatch Logs for plain text: terms, "quoted phrases", ?any ?of, -exclude.

Case-sensitive, a term matches anywhere in the line. JSON, space-delimited and regular-expression patterns are
refused: wrong lines would be worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ops.local_aws.errors import AwsError

_TERM = re.compile(r'\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))(?=\s|$)')
_PLAIN = re.compile(r"^\w+$")
_ESCAPED = re.compile(r"\\(.)")


def matcher(pattern: str) -> Callable[[str], bool]:
    """Tells whether a line matches. Raises InvalidParameterException for a pattern that is not understood.

    As on AWS, ?terms count only where the pattern has no other terms to be found.
    """
    pattern = pattern.strip()
    if pattern[:1] in ("{", "[", "%"):
        kind = {"{": "JSON", "[": "Space-delimited", "%": "Regular-expression"}[pattern[0]]
        raise _invalid(f"{kind} filter patterns are not offered by the embedded AWS.")
    every, anyone, none = _terms(pattern)
    if every:
        anyone = []

    def matches(message: str) -> bool:
        return (
            all(term in message for term in every)
            and (not anyone or any(term in message for term in anyone))
            and not any(term in message for term in none)
        )

    return matches


def _terms(pattern: str) -> tuple[list[str], list[str], list[str]]:
    found: dict[str, list[str]] = {"": [], "?": [], "-": []}
    at = 0
    while at < len(pattern):
        term = _TERM.match(pattern, at)
        if term is None:
            raise _invalid(f"Invalid filter pattern: a quotation mark is not closed in {pattern[at:]!r}.")
        sign, phrase, word = term.groups()
        if word is not None and not _PLAIN.match(word):
            raise _invalid(f"Invalid character(s) in term '{word}': put it in double quotes.")
        text = word if phrase is None else _ESCAPED.sub(r"\1", phrase)
        if text:
            found[sign].append(text)
        at = term.end()
    return found[""], found["?"], found["-"]


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
