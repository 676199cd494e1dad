"""What the pages read: the advisor's HTTP API, with a short memory. Enter at `reading`.

Documents never change, so they are kept for an hour; lists are asked for anew every few seconds.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from advisor.client import AdvisorClient
from advisor.contracts.assessment import Assessment
from advisor.contracts.errors import RichtwertError
from advisor.contracts.measurements import Report
from advisor.contracts.service import AssessmentSummary, MeasurementSummary
from dashboards.cli import API_VARIABLE, DEFAULT_API
from dashboards.format import plain
from dashboards.terms import Language
from dashboards.text import say

LIST_S, DOCUMENT_S = 5, 3600
SHOWN = 100
TIMEOUT_S = 20.0


def api_address() -> str:
    """Where the advisor answers."""
    return os.environ.get(API_VARIABLE, DEFAULT_API)


@contextmanager
def reading(language: Language) -> Iterator[None]:
    """Say an error of the API with its cause and what to do, and stop the page there."""
    try:
        yield
    except RichtwertError as error:
        st.error(f"**{say('outage', language)}**\n\n{plain(str(error))}\n\n{say('outage_help', language)}")
        st.button(say("retry", language), key="retry", on_click=st.cache_data.clear)
        st.stop()


@st.cache_resource(max_entries=4)
def _client(address: str) -> AdvisorClient:
    return AdvisorClient(address, timeout_s=TIMEOUT_S)


@st.cache_data(ttl=LIST_S, max_entries=4, show_spinner=False)
def assessments(address: str) -> tuple[AssessmentSummary, ...]:
    """The newest assessments."""
    return _client(address).assessments(limit=SHOWN)


@st.cache_data(ttl=DOCUMENT_S, max_entries=64, show_spinner=False)
def assessment(address: str, identity: str) -> Assessment:
    """One assessment."""
    return _client(address).assessment(identity)


@st.cache_data(ttl=LIST_S, max_entries=4, show_spinner=False)
def measurements(address: str) -> tuple[MeasurementSummary, ...]:
    """The newest reports."""
    return _client(address).measurements(limit=SHOWN)


@st.cache_data(ttl=DOCUMENT_S, max_entries=64, show_spinner=False)
def measurement(address: str, identity: str) -> Report:
    """One report."""
    return _client(address).measurement(identity)
