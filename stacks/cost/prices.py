"""The price table, ``prices.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

TABLE = Path(__file__).with_name("prices.toml")
HOURS = 730
"""Hours in a month, as AWS counts them."""


class Price(BaseModel):
    """What one thing costs.

    Attributes:
        item: what it is, by the name that measures use.
        unit: how much of it the price is for.
        price: US dollars, before tax.
        region: where in AWS.
        source: where the figure was read.
        date: of which day it is.
        verified: whether it was read at AWS itself.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    item: str
    unit: Literal["hour", "month", "GiB-month"]
    price: float = Field(gt=0)
    region: str
    source: str = Field(min_length=1)
    date: date
    verified: bool

    @property
    def monthly(self) -> float:
        """What one of it costs in a whole month."""
        return self.price * (HOURS if self.unit == "hour" else 1)


class Prices:
    """Finds prices.

    Args:
        prices: of the table.
        region: the one that is wanted.
    """

    def __init__(self, prices: Iterable[Price], region: str) -> None:
        ordered = sorted(prices, key=lambda price: (price.region == region, price.date))
        self._by_item = {price.item: price for price in ordered}
        self._region = region

    def find(self, item: str) -> Price | None:
        """The newest price of the region, else of any; None if there is none at all."""
        return self._by_item.get(item)

    def certain(self, price: Price) -> bool:
        """Whether it was verified and is of the wanted region."""
        return price.verified and price.region == self._region


def load(path: Path = TABLE) -> list[Price]:
    """Read the table.

    Raises:
        pydantic.ValidationError: an entry lacks a field or has one too many.
    """
    return [Price.model_validate(entry) for entry in tomllib.loads(path.read_text(encoding="utf-8"))["price"]]
