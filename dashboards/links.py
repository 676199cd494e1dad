"""A select box whose choice stands in the address, so that a link shows what its sender saw. Enter at `select`."""

from collections.abc import Mapping
from typing import Literal

import streamlit as st


def select(
    label: str,
    options: Mapping[str, str],
    key: str,
    *,
    default: str = "",
    label_visibility: Literal["visible", "collapsed"] = "visible",
) -> str:
    """Let the reader choose one of `options` (stable id to text) and keep the id in the address under `key`.

    Streamlit's own `bind="query-params"` writes the shown text, which changes with the language. Nothing is lost
    here, because a widget with a key stays the same widget when its index changes. A change of page drops both the
    address and, when it comes while a script runs, the widget's value: the choice is kept beside them.
    """
    ids, memory = list(options), f"kept_{key}"
    linked = st.query_params.get(key, "")
    wishes = (linked, st.session_state.get(memory, ""), default, ids[0])
    start = next(wish for wish in wishes if wish in options)
    chosen = st.selectbox(
        label,
        ids,
        index=ids.index(start),
        format_func=lambda identity: options.get(identity, identity),
        key=key,
        label_visibility=label_visibility,
        persist_state="session",
    )
    picked = chosen if chosen is not None and chosen in options else start
    st.session_state[memory] = picked
    if linked != picked:
        st.query_params[key] = picked
    return picked
