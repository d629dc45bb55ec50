"""What a format of single calls has to say about itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """A CSV file with one row per call.

    `columns` maps a field of the record to the headings it is known by; headings are compared
    without regard to case and surrounding spaces, columns may come in any order, and columns
    that are not named here are never read.
    """

    name: str
    label: str
    columns: Mapping[str, tuple[str, ...]]
    fingerprint: frozenset[str]
    """Fields whose columns must all be there for a file to be of this format."""

    def positions(self, header: Sequence[str]) -> dict[str, list[int]]:
        """Field -> positions in the header under any of its headings."""
        places: dict[str, list[int]] = {}
        for place, heading in enumerate(header):
            places.setdefault(_plain(heading), []).append(place)
        found = {
            field: [
                place for plain in dict.fromkeys(map(_plain, headings)) for place in places.get(plain, [])
            ]
            for field, headings in self.columns.items()
        }
        return {field: at for field, at in found.items() if at}

    def recognises(self, header: Sequence[str]) -> bool:
        """Whether a header is of this format."""
        return self.fingerprint <= self.positions(header).keys()


def _plain(heading: str) -> str:
    return " ".join(heading.split()).casefold()
