"""The buttons of the Savings page that hand out files: the same bytes as `python -m ops savings --export`."""

from __future__ import annotations

import streamlit as st

from ops.core.savings_files import as_days, as_json
from ops.core.savings_report import report
from ops.core.views_savings import SavingsView


def buttons(view: SavingsView) -> None:
    """CSV, a page to print, JSON. Each file is made when its button is pressed."""
    period = view.query.period
    named = view.rows[0].name if view.query.names and len(view.rows) == 1 else "savings"
    stem = f"{named}-{period.month or f'{period.until:%Y-%m-%d}'}"
    st.download_button(
        "Summary",
        lambda: report(view),
        file_name=f"{stem}.html",
        mime="text/html",
        icon=":material/print:",
        on_click="ignore",
        key="savings-html",
        help="One page to mail or print: numbers, charts, formulas, prices with dates; needs nothing from outside",
    )
    st.download_button(
        "CSV",
        lambda: as_days(view),
        file_name=f"{stem}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="savings-csv",
        help="A line for each day and endpoint; units, zone, basis and baseline stand above them",
    )
    st.download_button(
        "JSON",
        lambda: as_json(view),
        file_name=f"{stem}.json",
        mime="application/json",
        icon=":material/data_object:",
        on_click="ignore",
        key="savings-json",
        help="As python -m ops savings --json writes it",
    )
