"""What every page shares: title, language, navigation. Streamlit runs this file at each click; no figures here."""

from functools import partial
from pathlib import Path

import streamlit as st

from dashboards.text import LANGUAGES, Language, say
from dashboards.views import comparison, decision

st.set_page_config(page_title="Richtwert", page_icon=str(Path(__file__).with_name("icon.png")), layout="wide")


def _language() -> Language:
    """The reader's choice; without one the browser's language, English where we do not speak it."""
    codes = list(LANGUAGES)
    browser = (st.context.locale or "en")[:2]
    _, corner = st.columns([5, 1])
    with corner:
        chosen = st.selectbox(
            "Sprache / Language",
            codes,
            index=codes.index(browser) if browser in codes else codes.index("en"),
            format_func=LANGUAGES.__getitem__,
            key="lang",
            bind="query-params",
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
