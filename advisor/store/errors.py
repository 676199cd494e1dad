"""What a store can answer instead of a document."""

from advisor.contracts.errors import BadInput, Failed


class StoreUnavailable(Failed):
    """The database does not answer, or refuses."""


class NotStored(BadInput):
    """No document of this kind has the id."""


class KeyReused(BadInput):
    """The idempotency key belongs to another request."""


class Conflict(BadInput):
    """What is stored is in a state that does not allow this."""
