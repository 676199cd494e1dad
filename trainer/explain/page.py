"""An explanation as one self-contained page: every figure stands beside its token, colour only repeats it.

Enter at `explanation_page`. Nothing is loaded from elsewhere.
"""

import html

from trainer.explain.record import AnswerToken, Explanation, Neighbour, PromptToken

LIMITS_FILE = "limits.html"
STRONGEST_PERCENT = 50
"""Opacity behind the largest figure: text on it keeps a contrast above 4.5, in light and in dark."""
TOP = 3
STYLE = """
:root{color-scheme:light dark;--ink:#1b1b1b;--paper:#fff;--line:#bbb;--up:31 90 138;--down:178 84 20}
@media(prefers-color-scheme:dark){:root{--ink:#eee;--paper:#161616;--line:#555;--up:110 170 225;--down:232 150 90}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;margin:2rem auto;
padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
.tokens{display:flex;flex-wrap:wrap;gap:.3rem .15rem;padding:0;list-style:none}
.tokens li{display:inline-flex;flex-direction:column;align-items:center;border:1px solid var(--line);border-radius:3px;
padding:0 .25rem;white-space:pre-wrap}
.tokens li.up{background:rgb(var(--up)/var(--strength));border-bottom:3px solid rgb(var(--up))}
.tokens li.down{background:rgb(var(--down)/var(--strength));border-bottom:3px dashed rgb(var(--down))}
.tokens small{font-variant-numeric:tabular-nums}
table{border-collapse:collapse}td,th{border-bottom:1px solid var(--line);padding:.2rem .6rem;text-align:left;
vertical-align:top}td.number{text-align:right;font-variant-numeric:tabular-nums}
pre{white-space:pre-wrap;margin:0;font:inherit}
"""
METHOD_WORDS = {
    "layer_integrated_gradients": "integrated gradients of the token embeddings",
    "feature_ablation": "ablation: one token taken away at a time",
}


def explanation_page(found: Explanation) -> str:
    """The page."""
    chosen = "given" if found.answer_was_given else "the model's own greedy answer"
    parts = [
        "<h1>What moved the answer</h1>",
        f"<p>Model {_text(found.model)}. Method: {METHOD_WORDS[found.method]} (Captum); an absent token is "
        f"<code>{_text(found.baseline_token)}</code>. Figures in nats: +0.69 doubles the probability of the answer, "
        f'-0.69 halves it. Read <a href="{LIMITS_FILE}">what an attribution says and what it does not say</a> '
        f'(<a href="{LIMITS_FILE}#de" lang="de">deutsch</a>) before you rely on it.</p>',
        "<h2>Prompt</h2>",
        _tokens(found.tokens),
        f"<h2>Answer ({_text(chosen)})</h2><pre>{_text(found.answer)}</pre>",
        f"<h2>Do the figures add up?</h2><p>{_text(completeness_words(found))}</p>",
        "<h2>Token by token</h2>",
        _answer_table(found),
        "<h2>Training examples most like the prompt</h2>",
        f"<p>{_text(found.neighbours_by)}. Searched: {found.examples_searched:,}.</p>",
        _neighbours(found.neighbours),
    ]
    if found.warnings:
        parts.append(f"<h2>Warnings</h2><ul>{''.join(f'<li>{_text(text)}</li>' for text in found.warnings)}</ul>")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>What moved the answer</title><style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def completeness_words(found: Explanation) -> str:
    """The check of completeness for people."""
    check = found.completeness
    if check is None:
        return found.completeness_reason
    verdict = "within" if check.within_tolerance else "OUTSIDE"
    return (
        f"sum of the attributions {check.sum_nats:+.4f}; log-probability of the answer {check.score_nats:.4f} with the "
        f"prompt, {check.baseline_score_nats:.4f} with baseline tokens, difference {check.difference_nats:+.4f}; gap "
        f"{check.gap_nats:+.4f}, {verdict} the tolerance of {check.tolerance_nats:.4f} after "
        f"{check.integration_steps} integration steps"
    )


def _tokens(tokens: tuple[PromptToken, ...]) -> str:
    largest = max((abs(token.attribution_nats) for token in tokens), default=0.0) or 1.0
    cells = []
    for token in tokens:
        value = token.attribution_nats
        kind = "up" if value > 0 else "down" if value < 0 else ""
        words = f"{token.text.strip() or 'blank'}: {value:+.4f} nats"
        strength = STRONGEST_PERCENT * abs(value) / largest
        cells.append(
            f'<li class="{kind}" style="--strength:{strength:.0f}%" title="{_text(words)}" aria-label="{_text(words)}">'
            f"<span>{_text(_visible(token.text))}</span><small>{value:+.2f}</small></li>"
        )
    return f'<ul class="tokens">{"".join(cells)}</ul>'


def _answer_table(found: Explanation) -> str:
    rows = [
        f"<tr><td>{_text(_visible(token.text))}</td><td class=number>{token.log_probability_nats:.3f}</td>"
        f"<td>{_text(_top(token, found.tokens))}</td></tr>"
        for token in found.answer_tokens
    ]
    head = "<tr><th>answer token</th><th>log-probability, nats</th><th>prompt tokens that moved it most</th></tr>"
    return f"<table>{head}{''.join(rows)}</table>"


def _top(token: AnswerToken, prompt: tuple[PromptToken, ...]) -> str:
    order = sorted(range(len(prompt)), key=lambda place: -abs(token.attributions_nats[place]))[:TOP]
    return ", ".join(f"{_visible(prompt[place].text)} {token.attributions_nats[place]:+.2f}" for place in order)


def _neighbours(neighbours: tuple[Neighbour, ...]) -> str:
    if not neighbours:
        return ""
    rows = [
        f"<tr><td class=number>{row.similarity_fraction:.3f}</td><td>{_text(row.id)}</td>"
        f"<td><pre>{_text(row.text)}</pre></td></tr>"
        for row in neighbours
    ]
    return f"<table><tr><th>similarity</th><th>id</th><th>text</th></tr>{''.join(rows)}</table>"


def _visible(text: str) -> str:
    """A token that is only a line break or a blank, made visible."""
    return text.replace("\n", "\u21b5") or "\u00b7"


def _text(text: str) -> str:
    return html.escape(text, quote=True)
