"""What attributions say and what they do not say, in plain words, in English and German.

Enter at `limits_page`.
"""

import html

TITLE = "What an attribution says, and what it does not say"
TEXTS: dict[str, tuple[str, tuple[tuple[str, tuple[str, ...]], ...]]] = {
    "en": (
        TITLE,
        (
            (
                "What it says",
                (
                    "For one prompt and one answer: how much likelier, or less likely, the answer became because a "
                    "token stood in the prompt rather than a neutral one. The unit is the nat: 0.69 doubles the "
                    "probability of the answer, -0.69 halves it.",
                    "With integrated gradients the figures of all tokens add up to the whole change; the page shows by "
                    "how much they miss it. With ablation each token is taken away on its own, and the figures need "
                    "not add up.",
                ),
            ),
            (
                "What it does not say",
                (
                    "It does not say whether the answer is right. A wrong answer has attributions as neat as a right "
                    "one.",
                    "It does not say why in the sense of a reason. The model has no reasons; the figures describe "
                    "a sensitivity of a calculation.",
                    "It does not prove that the model is fair, and it does not find every bias. A protected trait may "
                    "act through words that look harmless. Compare many prompts that differ in the trait alone.",
                    "It says nothing about other prompts. A synonym or another order may give another picture.",
                    "It depends on what counts as neutral. Another neutral token gives other figures; the page names "
                    "the one that was used.",
                    "Two methods may disagree. Where they do, trust neither without further checks.",
                    "Words that only act together, such as a negation and its verb, share their effect in a way "
                    "that is a convention, not a fact.",
                    "Training examples that resemble the prompt are found by shared words. They show what the model "
                    "may have seen, not what made it answer so.",
                ),
            ),
            (
                "How to use it",
                (
                    "As a first look: does the answer hang on the words that a person would look at? If it hangs on "
                    "something else, test that by changing the prompt and looking at the answer.",
                    "Not as the sole ground for a decision about a person, and not as an explanation owed to one: "
                    "that also needs what data went in, how good the model is on people like this one, and who "
                    "is answerable.",
                ),
            ),
        ),
    ),
    "de": (
        "Was eine Attribution sagt und was sie nicht sagt",
        (
            (
                "Was sie sagt",
                (
                    "Für eine Eingabe und eine Antwort: um wie viel wahrscheinlicher oder unwahrscheinlicher die "
                    "Antwort wurde, weil ein Wortteil in der Eingabe stand und nicht ein neutraler. Die Einheit ist "
                    "das Nat: 0,69 verdoppelt die Wahrscheinlichkeit der Antwort, -0,69 halbiert sie.",
                    "Bei integrierten Gradienten ergeben die Werte aller Wortteile zusammen die ganze Änderung; die "
                    "Seite zeigt, um wie viel sie davon abweichen. Beim Weglassen wird jeder Wortteil für sich "
                    "entfernt, und die Werte müssen sich nicht zum Ganzen addieren.",
                ),
            ),
            (
                "Was sie nicht sagt",
                (
                    "Sie sagt nicht, ob die Antwort stimmt. Eine falsche Antwort hat ebenso saubere Attributionen wie "
                    "eine richtige.",
                    "Sie nennt keinen Grund. Das Modell hat keine Gründe; die Werte beschreiben, wie empfindlich eine "
                    "Rechnung auf ihre Eingabe reagiert.",
                    "Sie beweist nicht, dass das Modell gerecht ist, und sie findet nicht jede Verzerrung. Ein "
                    "geschütztes Merkmal kann über Wörter wirken, die harmlos aussehen. Vergleichen Sie viele "
                    "Eingaben, die sich nur in diesem Merkmal unterscheiden.",
                    "Sie sagt nichts über andere Eingaben. Ein Synonym oder eine andere Reihenfolge kann ein anderes "
                    "Bild ergeben.",
                    "Sie hängt davon ab, was als neutral gilt. Ein anderer neutraler Wortteil ergibt andere Werte; "
                    "die Seite nennt den verwendeten.",
                    "Zwei Verfahren können einander widersprechen. Dann ist keinem ohne weitere Prüfung zu trauen.",
                    "Wörter, die nur zusammen wirken, etwa eine Verneinung und ihr Verb, teilen sich ihre Wirkung "
                    "nach einer Vereinbarung, nicht nach einer Tatsache.",
                    "Ähnliche Trainingsbeispiele werden über gemeinsame Wörter gefunden. Sie zeigen, was das Modell "
                    "gesehen haben kann, nicht, was zu der Antwort geführt hat.",
                ),
            ),
            (
                "Wozu sie taugt",
                (
                    "Für einen ersten Blick: Hängt die Antwort an den Wörtern, auf die auch ein Mensch sähe? Wenn "
                    "nicht, ändern Sie die Eingabe und sehen Sie, was aus der Antwort wird.",
                    "Nicht als alleinige Grundlage einer Entscheidung über einen Menschen und nicht als die "
                    "Erklärung, auf die er ein Recht hat: Dazu gehört auch, welche Daten eingegangen sind, wie gut "
                    "das Modell bei Menschen wie ihm ist und wer verantwortlich ist.",
                ),
            ),
        ),
    ),
}


def limits_page(style: str) -> str:
    """The page in both languages, English first.

    Args:
        style: the style sheet of the pages.
    """
    parts = []
    for language, (title, sections) in TEXTS.items():
        body = "".join(
            f"<h2>{html.escape(name)}</h2><ul>{''.join(f'<li>{html.escape(text)}</li>' for text in texts)}</ul>"
            for name, texts in sections
        )
        parts.append(f'<article lang="{language}" id="{language}"><h1>{html.escape(title)}</h1>{body}</article>')
    links = '<nav><a href="#en">English</a> <a href="#de" lang="de">Deutsch</a></nav>'
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(TITLE)}</title><style>{style}</style></head>"
        f"<body>{links}{''.join(parts)}</body></html>\n"
    )
