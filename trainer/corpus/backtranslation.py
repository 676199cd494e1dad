"""Questions put into another language and back by a model behind an OpenAI-compatible endpoint.

Enter at `BackTranslator`. Answers are kept in a file by the hash of what was asked, so a resumed preparation asks
nothing twice and ends with the same text; requests and tokens are capped over all attempts. The text leaves this
machine for the endpoint that the plan names, masked as the plan says.
"""

import hashlib
import os
import re
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from advisor.contracts.data_plan import BackTranslation
from advisor.contracts.errors import BadInput, Failed

NAMES = {
    **{
        "de": "German",
        "en": "English",
        "fr": "French",
        "es": "Spanish",
        "it": "Italian",
        "nl": "Dutch",
        "pl": "Polish",
    },
    **{"pt": "Portuguese", "cs": "Czech", "da": "Danish", "sv": "Swedish", "tr": "Turkish"},
}
ASKED = (
    "Translate the user's text into {language}. Answer with the translation alone. Leave placeholders such as <EMAIL> "
    "as they are."
)
PLACEHOLDER = re.compile(r"<[A-Z_]+>")
LONGER = 2
"""A translation may have this many times the bytes of its text in tokens; no token is shorter than a byte."""
SPARE_TOKENS = 64
TIMEOUT_S = 120.0
SCHEMA = "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL, tokens INTEGER NOT NULL)"


def api_key(rules: BackTranslation) -> str:
    """The key that the endpoint asks for.

    Raises:
        BadInput: the variable that should hold it is not set.
    """
    if rules.api_key_variable is None:
        return "not needed"
    key = os.environ.get(rules.api_key_variable, "")
    if not key:
        where = "data.augmentation.back_translation.api_key_variable"
        raise BadInput(f"{where}: {rules.api_key_variable} is not set in the environment")
    return key


class BackTranslator:
    """Asks the endpoint, or its own memory; `with` closes both."""

    def __init__(self, rules: BackTranslation, memory: Path) -> None:
        self._rules, self._key = rules, api_key(rules)
        memory.parent.mkdir(parents=True, exist_ok=True)
        self._memory = sqlite3.connect(memory, isolation_level=None)
        self._memory.execute(SCHEMA)
        self._client: Any = None
        self.left_out = 0
        """Texts that were not translated because a cap was reached."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._memory.close()
        if self._client is not None:
            self._client.close()

    @property
    def requests(self) -> int:
        """Requests of all attempts."""
        return int(self._memory.execute("SELECT COUNT(*) FROM answers").fetchone()[0])

    @property
    def tokens(self) -> int:
        """Tokens of all attempts, in and out."""
        return int(self._memory.execute("SELECT COALESCE(SUM(tokens), 0) FROM answers").fetchone()[0])

    def there_and_back(self, text: str, language: str) -> str | None:
        """Another wording of a text; None at a cap, or where the way there and back changed nothing or lost something.

        Raises:
            Failed: the endpoint does not answer, or not as the interface says.
        """
        if language == self._rules.pivot:
            return None
        between = self._translated(text, self._rules.pivot)
        found = self._translated(between, language) if between is not None else None
        if found is None:
            self.left_out += 1
            return None
        lost = set(PLACEHOLDER.findall(text)) - set(PLACEHOLDER.findall(found))
        same = " ".join(found.split()).lower() == " ".join(text.split()).lower()
        return None if lost or same or not found.strip() else found.strip()

    def _translated(self, text: str, language: str) -> str | None:
        asked = ASKED.format(language=NAMES.get(language, language))
        named = "\0".join((self._rules.base_url, self._rules.model, asked, text))
        key = hashlib.sha256(named.encode()).hexdigest()
        row = self._memory.execute("SELECT answer FROM answers WHERE key = ?", (key,)).fetchone()
        if row is not None:
            return str(row[0])
        longest = LONGER * len(text.encode()) + SPARE_TOKENS
        most = len(asked.encode()) + len(text.encode()) + SPARE_TOKENS + longest
        if self.requests >= self._rules.max_requests or self.tokens + most > self._rules.max_tokens:
            return None
        answer, tokens = self._ask(asked, text, longest)
        booked = tokens if tokens is not None else most
        self._memory.execute("INSERT INTO answers VALUES (?, ?, ?)", (key, answer, booked))
        return answer

    def _ask(self, asked: str, text: str, longest: int) -> tuple[str, int | None]:
        """The answer, and the tokens as the endpoint counts them (None: it does not say; the most is booked)."""
        import openai

        if self._client is None:
            self._client = openai.OpenAI(
                base_url=self._rules.base_url, api_key=self._key, timeout=TIMEOUT_S, max_retries=2
            )
        try:
            reply = self._client.chat.completions.create(
                model=self._rules.model,
                messages=[{"role": "system", "content": asked}, {"role": "user", "content": text}],
                temperature=0.0,
                max_tokens=longest,
            )
        except openai.OpenAIError as error:
            raise Failed(
                f"data.augmentation.back_translation: {self._rules.base_url}: {error}; what was translated is kept, go "
                "on with --resume"
            ) from error
        content = reply.choices[0].message.content if reply.choices else None
        if not isinstance(content, str):
            raise Failed(f"data.augmentation.back_translation: {self._rules.base_url} answered without text")
        return content, reply.usage.total_tokens if reply.usage is not None else None
