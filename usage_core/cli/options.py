"""Options that several commands share, and the selection they add up to."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any, Concatenate, ParamSpec, TypeAlias, TypeVar

import typer

from usage_core.errors import SelectionError
from usage_core.metrics.facts import directory
from usage_core.prices.catalogue import names
from usage_core.schema import Kind
from usage_core.selection import UNKNOWN, Selection
from usage_core.store.lake import Lake
from usage_core.timeframe import Timeframe, parse_edge

Values: TypeAlias = list[str] | None
Options = ParamSpec("Options")
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which calls are meant; each field is an option of every command that is `about_calls`."""

    start: Annotated[
        str, typer.Option("--from", help="First day or minute, as 2026-11-01 or 2026-11-01T09:30")
    ] = ""
    end: Annotated[str, typer.Option("--to", help="The day or minute just after the last")] = ""
    tz: Annotated[str, typer.Option("--tz", help="Time zone of the two, as Europe/Berlin")] = "UTC"
    key: Annotated[Values, typer.Option("--key", help="Only this API key, by id or name; repeatable")] = None
    provider: Annotated[Values, typer.Option("--provider", help="Only this provider; repeatable")] = None
    model: Annotated[Values, typer.Option("--model", help="Only this model; repeatable")] = None
    kind: Annotated[Values, typer.Option("--kind", help=f"Only {', '.join(Kind)}; repeatable")] = None

    def selection(self, lake: Lake) -> Selection:
        """The selection that the options ask for.

        Raises:
            SelectionError: an option is missing, not understood, or names a key that is not there.
        """
        if not self.start or not self.end:
            raise SelectionError(
                "Say which timeframe: --from 2026-11-01 --to 2026-12-01 (the end is not part of it)."
            )
        return self.over(
            lake, Timeframe(parse_edge(self.start, self.tz), parse_edge(self.end, self.tz), self.tz)
        )

    def over(self, lake: Lake, timeframe: Timeframe) -> Selection:
        """The filters of the options over a timeframe of its own.

        Raises:
            SelectionError: an option is not understood, or names a key that is not there.
        """
        return Selection(
            timeframe,
            key=_key_ids(lake, self.key or []),
            provider=tuple(names(text, "").provider or UNKNOWN for text in self.provider or []),
            model=tuple(names(None, text).model for text in self.model or []),
            kind=tuple(self.kind or []),
        )


def about_calls(command: Callable[Concatenate[Asked, Options], Done]) -> Callable[..., Done]:
    """A command whose first argument is `Asked`, as one with an option for each of its fields."""
    shared = inspect.signature(Asked).parameters
    _, *own = inspect.signature(command).parameters.values()
    every = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*shared.values(), *own)]

    @wraps(command)
    def run(**given: Any) -> Done:
        asked = Asked(**{name: given.pop(name) for name in shared})
        return command(asked, **given)  # type: ignore[call-arg]

    # Typer reads a command's options from these two.
    run.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in every}
    return run


def _key_ids(lake: Lake, wanted: list[str]) -> tuple[str, ...]:
    if not wanted:
        return ()
    with lake.reading() as connection:
        known = directory(connection).key
    found = {text: [id_ for id_, name in known.items() if text in (id_, name)] for text in wanted}
    missing = [text for text, ids in found.items() if not ids]
    if missing:
        raise SelectionError(f"No API key has the id or name {', '.join(map(repr, missing))}.")
    return tuple(id_ for ids in found.values() for id_ in ids)
