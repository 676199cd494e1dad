"""Tokens to text, piece by piece, by the tokenizers library. Enter at `StreamDecoder`."""

from typing import Any

from tokenizers.decoders import DecodeStream


class StreamDecoder:
    """Incremental decoding by the tokenizers library; special tokens have no text."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._stream = DecodeStream(skip_special_tokens=True)
        self._ids: list[int] = []
        self._sent = ""

    def push(self, token_id: int) -> str:
        """Text that is complete with this token."""
        self._ids.append(token_id)
        piece = self._stream.step(self._tokenizer, token_id) or ""
        self._sent += piece
        return piece

    def flush(self) -> str:
        """What was held back, without an incomplete character at the end."""
        whole = self._tokenizer.decode(self._ids, skip_special_tokens=True)
        return whole[len(self._sent) :].rstrip("\ufffd") if whole.startswith(self._sent) else ""
