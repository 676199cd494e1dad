"""The base of every contract, and the number types that all contracts share.

A `Contract` is data that crosses a border: a file, an HTTP body, a hand-over between programs. Enter at
`Contract`; numbers that a user may leave uncertain are `Amount` or `Share`, results are `Interval`.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

SchemaVersion = Literal[1]


class Contract(BaseModel):
    """Data that crosses a border: frozen, typo-proof, finite, self-describing."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        protected_namespaces=(),
    )


def _number(value: Any) -> Any:
    """Let integers and floats through; a bool or a numeric string is a mistake, not a number."""
    if isinstance(value, bool | str):
        raise ValueError(f"expected a number, got {value!r}")  # noqa: TRY004 - pydantic turns ValueError into a field error
    return value


def _whole(value: Any) -> Any:
    """As `_number`; 290.0 is a whole number (JSON knows no other), 290.5 is not."""
    _number(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


Number = Annotated[float, BeforeValidator(_number)]
"""A finite number; neither a bool nor a string."""
# A bound stands before the validator: behind it pydantic could not say it in the JSON Schema.
NonNegative = Annotated[float, Field(ge=0), BeforeValidator(_number)]
Positive = Annotated[float, Field(gt=0), BeforeValidator(_number)]
Fraction = Annotated[float, Field(ge=0, le=1), BeforeValidator(_number)]
"""A share of one, 0..1 (never a percentage)."""
Score = Annotated[float, Field(ge=0, le=10), BeforeValidator(_number)]
"""A point on a scale of 0 to 10 whose ends are described in words."""
Whole = Annotated[int, BeforeValidator(_whole)]
Count = Annotated[int, Field(ge=0), BeforeValidator(_whole)]
PositiveCount = Annotated[int, Field(gt=0), BeforeValidator(_whole)]
Text = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]+$")]
"""Text for people: not empty, no NUL (PostgreSQL takes none)."""
Identifier = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:+/@-]*$")]
"""A name for machines: letters, digits and `. _ : + / @ -`."""


class _Uncertain(Contract):
    """Shared order check of the three-point quantities."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        low, central, high = (getattr(self, name) for name in ("low", "central", "high"))
        if not low <= central <= high:
            raise ValueError(f"low <= central <= high is required, got {low} / {central} / {high}")
        return self


class AmountRange(_Uncertain):
    """An uncertain amount: one chance in twenty to lie below `low`, as many to lie above `high`."""

    low: NonNegative
    """P5."""
    central: NonNegative
    """P50."""
    high: NonNegative
    """P95."""


class ShareRange(_Uncertain):
    """An uncertain share of one (0..1), read as `AmountRange`."""

    low: Fraction
    """P5."""
    central: Fraction
    """P50."""
    high: Fraction
    """P95."""


def _shape(value: Any) -> str:
    return "range" if isinstance(value, dict | BaseModel) else "number"


Amount = Annotated[Annotated[NonNegative, Tag("number")] | Annotated[AmountRange, Tag("range")], Discriminator(_shape)]
"""A non-negative number, or `{low, central, high}`."""
Share = Annotated[Annotated[Fraction, Tag("number")] | Annotated[ShareRange, Tag("range")], Discriminator(_shape)]
"""A fraction 0..1, or `{low, central, high}` of fractions."""


class Interval(Contract):
    """A result with its uncertainty: quantiles of the simulated draws."""

    p5: Number
    p50: Number
    p95: Number
    mean: Number | None = None
    """Mean of the draws; absent where only quantiles are known."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.p5 <= self.p50 <= self.p95:
            raise ValueError(f"p5 <= p50 <= p95 is required, got {self.p5} / {self.p50} / {self.p95}")
        return self


class Source(Contract):
    """Where a value comes from."""

    name: Text
    """Citation or page, in words."""
    url: str | None = None
    as_of: str | None = None
    """Date (ISO 8601, day or month or year) for which the source states the value."""
    unverified: bool = False
    """True when no opened source confirms the value."""
