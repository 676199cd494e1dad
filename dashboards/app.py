"""What every page shares: title, language, navigation. Streamlit runs this file at each click; no figures here."""

from functools import partial
from pathlib import Path

import streamlit as st

from dashboards.links import select
from dashboards.terms import Language
from dashboards.text import LANGUAGES, say
from dashboards.views import comparison, decision

st.set_page_config(page_title="Richtwert", page_icon=str(Path(__file__).with_name("icon.png")), layout="wide")


def _language() -> Language:
    """The reader's choice; without one the browser's language, English where we do not speak it."""
    browser = (st.context.locale or "en")[:2]
    _, corner = st.columns([5, 1])
    with corner:
        chosen = select(
            "Sprache / Language",
            LANGUAGES,
            "lang",
            default=browser if browser in LANGUAGES else "en",
            label_visibility="collapsed",
        )
    return "de" if chosen == "de" else "en"


language = _language()
page = st.navigation(
    [
        st.Page(
            partial(decision.show, language),
            title=say("decision", language),
            icon=":material/balance:",
            default=True,
            url_path="decision",
        ),
        st.Page(
            partial(comparison.show, language),
            title=say("comparison", language),
            url_path="comparison",
            icon=":material/compare_arrows:",
        ),
    ],
    position="top",
)
page.run()
