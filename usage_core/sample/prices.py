"""The real prices of the sample's models, from the genai-prices package, offline."""

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from genai_prices.data_snapshot import get_snapshot

from usage_core.errors import UsageError
from usage_core.sample.cast import MODELS, Model


class Price(NamedTuple):
    """USD per million tokens; None where it is unknown or does not apply."""

    input: Decimal | None
    output: Decimal | None

    def times(self, factor: Decimal) -> "Price":
        """Both prices multiplied."""
        return Price(*(None if price is None else price * factor for price in self))


def model_prices(at: datetime) -> tuple[Price, ...]:
    """The price of each of `MODELS` in force at an aware instant, in their order.

    Raises:
        UsageError: the installed genai-prices has no price for one of them.
    """
    return tuple(_price(model, at) if model.catalogue else Price(None, None) for model in MODELS)


def _price(model: Model, at: datetime) -> Price:
    try:
        _, info = get_snapshot().find_provider_model(model.name, None, model.catalogue, None)
    except LookupError:
        raise _gone(model) from None
    prices = info.get_prices(at)
    price = Price(_base(prices.input_mtok), None if model.is_embedding else _base(prices.output_mtok))
    if price.input is None or (price.output is None and not model.is_embedding):
        raise _gone(model)
    return price


def _base(price: Any) -> Decimal | None:
    """The lowest tier of a price that depends on the prompt's length."""
    value = getattr(price, "base", price)
    return None if value is None else Decimal(value)


def _gone(model: Model) -> UsageError:
    return UsageError(
        f"The installed genai-prices has no price for {model.name} of {model.provider}, which the "
        "sample uses. Install genai-prices 0.2.3, or change the model in usage_core/sample/cast.py."
    )
