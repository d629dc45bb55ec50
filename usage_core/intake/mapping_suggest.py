"""Suggests a mapping: for each field the column whose name and content fit best."""

import re
from collections.abc import Callable, Sequence
from statistics import median

from usage_core.importers.sql import NO_KEY
from usage_core.intake.mapping import FIELDS, At, From, Mapping
from usage_core.intake.mapping_look import Look
from usage_core.intake.mapping_names import NAMES
from usage_core.intake.mapping_sql import (
    DAY_FIRST,
    END,
    MICROS,
    MONTH_FIRST,
    PER_THOUSAND,
    PER_TOKEN,
    SECONDS,
    WITHOUT_CACHED,
)

_UNIT_WORDS = frozenset(
    [
        "ms",
        "millis",
        "milliseconds",
        "s",
        "seconds",
        "us",
        "micros",
        "microseconds",
        "usd",
        "cents",
        "utc",
    ]
)

_NUMBER = re.compile(r"[$€]?\s*[0-9][0-9.,\s]*(?:[eE][+-]?[0-9]+)?")
_MOMENT = re.compile(
    r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}[T ,].*[0-9]{1,2}:[0-9]{2}.*|[0-9]{9,19}(?:\.[0-9]+)?"
)
_PARTS = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.][0-9]{4}")

_WITH_COMMA = re.compile(r"[0-9.]*,(?:[0-9]{1,2}|[0-9]{4,})")
_WITH_POINT = re.compile(r"[0-9,]*\.(?:[0-9]{1,2}|[0-9]{4,})")
_TEXTS = ("model", "api_key_id", "api_key_name", "provider", "status", "kind", "source_call_id")


_SHORT = {"tok": "tokens", "toks": "tokens", "tkns": "tokens", "secs": "seconds", "sec": "seconds"}


def words(text: str) -> str:
    """A name as lower-case words: `inputTokens (USD/1M)` is `input tokens usd 1m`, `in_toks` `in tokens`."""
    apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", text)
    return " ".join(_SHORT.get(word, word) for word in re.findall(r"[^\W_]+", apart.casefold()))


def suggest(look: Look, zone: str) -> Mapping:
    """The mapping that a file's columns and values suggest; each column is suggested once."""
    ranked = sorted(
        (
            (_score(look, field, at), -FIELDS.index(field), -place, field, at)
            for field in FIELDS
            for place, at in enumerate(look.places)
        ),
        reverse=True,
    )
    chosen, taken = dict[str, From](), set[At]()
    for score, _, _, field, at in ranked:
        if score > 0 and field not in chosen and at not in taken:
            chosen[field] = From(at, _unit(field, at, look.values(at)))
            taken.add(at)
    if "input_tokens" in chosen and _excludes_cached(look, chosen):
        chosen["input_tokens"] = From(chosen["input_tokens"].at, WITHOUT_CACHED)
    if "cache_write_tokens" not in chosen:
        chosen.pop("cache_write_1h_tokens", None)
    if "api_key_id" not in chosen:
        named = chosen.get("api_key_name")
        chosen["api_key_id"] = From(named.at) if named else From(fixed=NO_KEY.strip("'"))
    numbers = [value for name, each in chosen.items() if name not in _TEXTS for value in look.values(each.at)]
    comma = _share(_WITH_COMMA, numbers) > _share(_WITH_POINT, numbers) if numbers else False
    return Mapping({name: chosen[name] for name in FIELDS if name in chosen}, zone, comma)


def _score(look: Look, field: str, at: At) -> float:
    """How well a column fits; 0 where it does not."""
    known = NAMES[field]
    full, last = words(" ".join(at)), words(at[-1])
    best = 0.0
    for name in (full, last, _bare(last), _bare(full)):
        if name in known:
            best = max(best, 2 - known.index(name) / 100 - (0 if name == full else 0.05))
    if not best:
        ends = [each for each in known if " " in each and full.endswith(f" {each}")]
        best = 1 + max(map(len, ends)) / 100 if ends else 0
    values = look.values(at)
    return best if best and (not values or _fits(field)(values)) else 0


def _bare(name: str) -> str:
    """A name without the words for units in it."""
    return " ".join(word for word in name.split() if word not in _UNIT_WORDS)


def _fits(field: str) -> Callable[[Sequence[str]], bool]:
    if field == "called_at":
        return lambda values: _share(_MOMENT, values) >= 0.5
    if field == "completion_time_ms":
        return lambda values: max(_share(_NUMBER, values), _share(_MOMENT, values)) >= 0.5
    if field in _TEXTS:
        return lambda values: not all(value.startswith(("{", "[")) for value in values)
    return lambda values: _share(_NUMBER, values) >= 0.5


def _share(pattern: re.Pattern[str], values: Sequence[str]) -> float:
    return sum(pattern.fullmatch(value.strip()) is not None for value in values) / len(values)


def _unit(field: str, at: At, values: Sequence[str]) -> str:
    """The unit that a column's name or values suggest; empty for the usual one."""
    name = set(words(at[-1]).split())
    numbers = [number for value in values if (number := _as_number(value)) is not None]
    middle = median(numbers) if numbers else 0.0
    if field == "called_at":
        return _order(values)
    if field.endswith("_ms"):
        return _length_unit(name, values, middle)
    if field.endswith("_price") and middle:
        return PER_TOKEN if middle < 0.0002 else PER_THOUSAND if name & {"1k", "thousand"} else ""
    return "US cents" if field == "cost_pico" and name & {"cents", "cent"} else ""


def _length_unit(name: set[str], values: Sequence[str], middle: float) -> str:
    if values and _share(_MOMENT, values) >= 0.5 and (middle > 1e9 or not _share(_NUMBER, values)):
        return END
    if name & {"ms", "millis", "milliseconds"}:
        return ""
    if name & {"us", "micros", "microseconds"}:
        return MICROS
    fractions = any("." in value or "," in value for value in values)
    return SECONDS if name & {"s", "seconds"} or (fractions and 0 < middle < 100) else ""


def _order(values: Sequence[str]) -> str:
    """Whether days or months stand first, where years do not."""
    parts = [found for value in values if (found := _PARTS.match(value.strip()))]
    if not parts:
        return ""
    return MONTH_FIRST if any(int(found[2]) > 12 for found in parts) else DAY_FIRST


def _as_number(value: str) -> float | None:
    try:
        return float(value.strip().lstrip("$€").replace(",", "."))
    except ValueError:
        return None


def _excludes_cached(look: Look, chosen: dict[str, From]) -> bool:
    """Whether a row has more cached tokens than input tokens."""
    if "cache_read_tokens" not in chosen:
        return False
    for row in look.rows:
        cached = _as_number(row.get(chosen["cache_read_tokens"].at, ""))
        sent = _as_number(row.get(chosen["input_tokens"].at, ""))
        if cached is not None and sent is not None and cached > sent:
            return True
    return False
