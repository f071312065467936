"""What tokens cost, as data with a date: nothing here knows a price."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Context, Decimal, Inexact, localcontext
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from time import time
from typing import Annotated, Any, Final, Self

from pydantic import Field, field_validator

from viber._config import Config
from viber.errors import ConfigurationError
from viber.services.gemini.content._json import is_object
from viber.services.gemini.content._usage import Split, UsageMetadata, by_modality
from viber.services.gemini.limits._calendar import PACIFIC, moment, zone_of

Money = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=9)]
_MILLION: Final = 6
EXACT: Final = Context(prec=60, traps=[Inexact])
"""Sums of money are made in it: the caller's own context may round."""
_STANDARD: Final = "standard"


class Price(Config):
    """Money per million tokens of the models whose name fits `model` (`*` and `?` are wild), from a day on.

    `above` makes it the price of prompts longer than that; the whole call then costs it. `input_by` and
    `output_by` name other rates for a modality, such as `AUDIO`.

    Raises:
        ConfigurationError: a value is refused; it lists each.

    Example:
        >>> Price(model="gemini-3-*", since="2026-01-01", input="1.5", output="9", cached="0.15").output
        Decimal('9')
    """

    model: Annotated[str, Field(min_length=1)]
    since: date = date.min
    above: Annotated[int, Field(ge=0)] = 0
    input: Money
    output: Money
    cached: Money
    input_by: Mapping[str, Money] = Field(default_factory=dict[str, Decimal])
    cached_by: Mapping[str, Money] = Field(default_factory=dict[str, Decimal])
    output_by: Mapping[str, Money] = Field(default_factory=dict[str, Decimal])

    def of(self, usage: UsageMetadata) -> Decimal:
        """What an answer costs, exactly: thoughts as output, tool use as input, the cached part for less."""
        with localcontext(EXACT):
            parts = (*self._of_input(usage), *self._of_output(usage))
            return sum(parts, Decimal(0)).scaleb(-_MILLION)

    def _of_input(self, usage: UsageMetadata) -> Iterator[Decimal]:
        cached = by_modality(usage.cache_details)
        fresh = by_modality((*usage.prompt_details, *usage.tool_use_details))
        fresh.subtract(cached)
        yield _charge(usage.cached_tokens, cached, self.cached, self.cached_by)
        yield _charge(usage.input_tokens - usage.cached_tokens, fresh, self.input, self.input_by)

    def _of_output(self, usage: UsageMetadata) -> Iterator[Decimal]:
        split: Split = usage.candidates_details
        yield _charge(usage.output_tokens, by_modality(split), self.output, self.output_by)

    def __hash__(self) -> int:
        return hash((self.model, self.since, self.above))


class PriceTable(Config):
    """Prices with their source and date, as data.

    The first pattern that fits a model decides, and of its prices the one of the highest `above` that the
    prompt exceeds, the latest that has begun. `tiers` holds the factor of each service tier but the standard
    one. A model or a tier that is not in the table costs None: unknown, never nothing.

    Raises:
        ConfigurationError: a value is refused; it lists each.

    Example:
        >>> table = PriceTable(
        ...     source="our contract", updated="2026-11-01",
        ...     prices=[Price(model="gemini-x", input="1", output="4", cached="0.1")],
        ... )
        >>> table.cost(UsageMetadata(prompt_tokens=1000, candidates_tokens=500), "gemini-x")
        Decimal('0.0030000')
        >>> table.cost(UsageMetadata(prompt_tokens=1000), "gemini-y") is None
        True
    """

    source: str
    updated: date
    currency: str = "USD"
    zone: str = PACIFIC
    """Where a new price begins at midnight."""
    tiers: Mapping[str, Money] = Field(default_factory=dict[str, Decimal])
    prices: tuple[Price, ...]

    @field_validator("zone")
    @classmethod
    def _is_known(cls, zone: str) -> str:
        zone_of(zone)
        return zone

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The table of a JSON file.

        Raises:
            ConfigurationError: it holds none.
            OSError: it cannot be read.
        """
        return cls.read(Path(path).read_text("utf-8"))

    @classmethod
    def read(cls, text: str) -> Self:
        """The table of a JSON text; numbers may stand in quotes, and are read exactly in any case.

        Raises:
            ConfigurationError: it holds none.
        """
        return cls(**_fields(text))

    @classmethod
    def example_2026_11(cls) -> Self:
        """Prices as other open-source tables had them in November 2026: not Google's, and soon out of date.

        Example:
            >>> PriceTable.example_2026_11().updated
            datetime.date(2026, 11, 26)
        """
        return cls.read(
            files("viber.services.gemini.limits").joinpath("prices_2026_11.json").read_text("utf-8")
        )

    def price(self, model: str, *, prompt_tokens: int = 0, at: float | None = None) -> Price | None:
        """The price of a prompt of that size at a moment (seconds since the epoch, now unless given)."""
        model, day = model.removeprefix("models/"), _day(at, self.zone)
        pattern = next((price.model for price in self.prices if fnmatchcase(model, price.model)), None)
        begun = [price for price in self.prices if price.model == pattern and price.since <= day]
        rows = [price for price in begun if not price.above or prompt_tokens > price.above]
        return max(rows, key=lambda row: (row.above, row.since), default=None)

    def cost(
        self, usage: UsageMetadata, model: str, *, at: float | None = None, tier: str = _STANDARD
    ) -> Decimal | None:
        """What an answer costs, exactly; None when the model or the tier is unknown."""
        price = self.price(model, prompt_tokens=usage.prompt_tokens, at=at)
        factor = Decimal(1) if tier in ("", _STANDARD) else self.tiers.get(tier)
        if price is None or factor is None:
            return None
        with localcontext(EXACT):
            return price.of(usage) * factor

    def __hash__(self) -> int:
        return hash((self.source, self.updated, self.prices))


def _charge(tokens: int, split: Mapping[str, int], rate: Decimal, rates: Mapping[str, Decimal]) -> Decimal:
    """So many tokens, those of a modality with a rate of its own at that."""
    cost, rest = Decimal(0), max(0, tokens)
    for name, own in rates.items():
        apart = min(rest, max(0, split.get(name, 0)))
        cost, rest = cost + apart * own, rest - apart
    return cost + rest * rate


def _day(at: float | None, zone: str) -> date:
    return moment(time() if at is None else at, zone_of(zone)).date()


def _fields(text: str) -> dict[str, Any]:
    """The fields in a JSON text, fractions exact."""
    try:
        fields: object = json.loads(text, parse_float=Decimal)
    except ValueError as error:
        raise ConfigurationError("a price table is JSON", problems=[str(error)]) from None
    if not is_object(fields):
        raise ConfigurationError("a price table is a JSON object")
    return fields
