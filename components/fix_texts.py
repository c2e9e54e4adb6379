"""The text that makes a change elsewhere: a tab for each language, each with a button that copies it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from ops.core.fix_texts import CODE, LABELS, Language


def show(texts: Mapping[Language, str], *, key: str, calls: str = "", height: int | None = None) -> None:
    """Tabs of the texts. `calls`: the bare API calls as JSON, in a tab before them; `height`: pixels, beyond which a
    text scrolls.
    """
    shown = [("API calls", calls, "json")] if calls else []
    shown += [(LABELS[each], text, CODE[each]) for each, text in texts.items()]
    for tab, (_, text, code) in zip(st.tabs([label for label, _, _ in shown], key=key), shown, strict=True):
        with tab:
            st.code(text, language=code, wrap_lines=True, height=height or "content")
