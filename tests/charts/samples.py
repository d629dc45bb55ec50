"""Frames for the tests of the charts, and what every spec must hold to."""

import json
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import quote

import altair as alt
import jsonschema_rs
import pandas as pd

from usage_core import wording
from usage_core.charts import Chart

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "a.b[0]['c']",
    'it\'s "quoted" \\ back',
    "x" * 300,
    "",
    "Other",
    "datum.value",
    "line\nbreak \u202e turned",
)
PLAIN = ("sonnet", "mini", "pro", "haiku", "large", "embed", "chat", "scout", "o4", "grok", "command")


def amounts(names: tuple[str, ...], periods: int = 3, freq: str = "D") -> pd.DataFrame:
    """Costs in a frame for `over_time`: the first name is the biggest."""
    rows = []
    for bucket in pd.date_range("2026-11-20", periods=periods, freq=freq):
        for place, name in enumerate(names):
            cost = Decimal(len(names) - place) / 8
            rows.append((bucket, name, float(cost), wording.money_exact(cost), place + 1))
    return pd.DataFrame(rows, columns=["bucket", "series", "value", "exact", "calls"])


def top_list(names: tuple[str, ...]) -> pd.DataFrame:
    """A frame for `ranked`."""
    values = [float(len(names) - place) for place in range(len(names))]
    return pd.DataFrame(
        {
            "name": list(names),
            "value": values,
            "exact": [wording.money_exact(Decimal(str(value))) for value in values],
            "share": [value / sum(values) for value in values],
            "calls": [1284] * len(names),
        }
    )


def parts(node: Any, key: str) -> Iterator[Any]:
    """Every value under a key, anywhere in a spec."""
    if isinstance(node, dict):
        yield from (value for name, value in node.items() if name == key)
        for value in node.values():
            yield from parts(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from parts(value, key)


def expressions(spec: dict[str, Any]) -> list[str]:
    """Everything in a spec that a browser would evaluate."""
    return [
        text for key in ("expr", "labelExpr", "filter", "calculate") for text in map(str, parts(spec, key))
    ]


@cache
def schema() -> jsonschema_rs.Draft7Validator:
    """The schema of Vega-Lite; Altair's own check of each part against it takes a thousand times as long."""
    return jsonschema_rs.Draft7Validator(_as_addresses(alt.load_schema()))


def _as_addresses(node: Any) -> Any:
    """Names of definitions as they may stand in an address."""
    if isinstance(node, dict):
        quoted = {name: _as_addresses(value) for name, value in node.items()}
        return quoted | ({"$ref": quote(node["$ref"], safe="#/")} if "$ref" in node else {})
    return [_as_addresses(each) for each in node] if isinstance(node, list) else node


def check(chart: Chart) -> None:
    """A valid spec, without data, whose fields are columns of the frame."""
    json.dumps(chart.spec, allow_nan=False)
    schema().validate({**chart.spec, "data": {"name": "frame"}})
    assert not list(parts(chart.spec, "data"))
    assert list(parts(chart.spec, "config")) == [{"aria": False}]
    marks = list(parts(chart.spec, "mark"))
    assert all(("description" in mark) != (mark.get("aria") is False) for mark in marks)
    assert set(parts(chart.spec, "field")) <= set(chart.frame.columns)
    assert chart.spec["width"] == "container"
    assert chart.spec["height"] <= 420
    assert chart.alternative.startswith("".join(chart.spec["title"]["text"])[:10])
    assert chart.alternative.endswith(".")
