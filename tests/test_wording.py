from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usage_core import wording
from usage_core.timeframe import Grain, Preset, Timeframe, custom, preset
from usage_core.wording import Direction


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "–"),
        ("NaN", "–"),
        ("0", "$0.00"),
        ("0E-12", "$0.00"),
        ("0.000000000001", "<$0.0001"),
        ("0.00009999", "<$0.0001"),
        ("0.0001", "$0.0001"),
        ("0.0132", "$0.0132"),
        ("0.01325", "$0.0133"),
        ("0.5", "$0.5000"),
        ("0.99994", "$0.9999"),
        ("0.99995", "$1.00"),
        ("12.34", "$12.34"),
        ("12.345", "$12.35"),
        ("999.99", "$999.99"),
        ("999.994", "$999.99"),
        ("999.995", "$1,000"),
        ("1000", "$1,000"),
        ("4512.49", "$4,512"),
        ("4512.5", "$4,513"),
        ("999999.49", "$999,999"),
        ("999999.5", "$1.00 M"),
        ("1284000", "$1.28 M"),
        ("999994999", "$999.99 M"),
        ("999995000", "$1.00 B"),
        ("-0.00000001", "-<$0.0001"),
        ("-12.34", "-$12.34"),
        ("-4512", "-$4,512"),
        ("-1284000", "-$1.28 M"),
        ("1E+3", "$1,000"),
    ],
)
def test_money(amount: str | None, text: str) -> None:
    assert wording.money(None if amount is None else Decimal(amount)) == text


@given(st.decimals(min_value=Decimal("1E-12"), max_value=10**13, places=12))
def test_money_never_hides_an_amount(amount: Decimal) -> None:
    text = wording.money(amount)
    assert any(digit in text for digit in "123456789")
    assert wording.money(-amount) == f"-{text}"


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "–"),
        ("0", "$0.00"),
        ("5", "$5.00"),
        ("1234.5", "$1,234.50"),
        ("0.000132000000", "$0.000132"),
        ("1234567.890123456789", "$1,234,567.890123456789"),
        ("-3.1", "-$3.10"),
        ("1E+3", "$1,000.00"),
    ],
)
def test_money_exact(amount: str | None, text: str) -> None:
    assert wording.money_exact(None if amount is None else Decimal(amount)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**12), max_value=10**12))
def test_exact_amounts_read_back(amount: Decimal) -> None:
    assert wording.read_exact(wording.money_exact(amount)) == amount
    assert wording.read_exact(wording.count_exact(int(amount))) == int(amount)


def test_what_is_no_exact_amount_reads_as_unknown() -> None:
    assert wording.read_exact("–") is None
    assert wording.read_exact("12.8 k") is None


def test_money_rounded() -> None:
    amounts = ("99.99", "99.996", "482.5", "-482.5", "999.49", "999.5", "4512")
    texts = [wording.money_rounded(Decimal(amount)) for amount in amounts]
    assert texts == ["$99.99", "$100", "$483", "-$483", "$999", "$1,000", "$4,512"]
    assert wording.money_rounded(None) == "–"


def test_money_signed() -> None:
    amounts = (Decimal("0.001"), Decimal(0), Decimal(-3))
    assert [wording.money_signed(amount) for amount in amounts] == ["+$0.001", "$0.00", "-$3.00"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (7, "7"),
        (1284, "1,284"),
        (9999, "9,999"),
        (10_000, "10.0 k"),
        (12_841, "12.8 k"),
        (12_850, "12.9 k"),
        (999_949, "999.9 k"),
        (999_950, "1.0 M"),
        (3_400_000, "3.4 M"),
        (999_950_000, "1.0 B"),
        (1_200_000_000, "1.2 B"),
        (10**15, "1,000.0 T"),
        (-1284, "-1,284"),
        (-999_950, "-1.0 M"),
    ],
)
def test_count(value: int | None, text: str) -> None:
    assert wording.count(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0.0"),
        (Decimal("0.25"), "0.3"),
        (Decimal("31.24"), "31.2"),
        (Decimal("99.94"), "99.9"),
        (Decimal("99.96"), "100"),
        (Decimal("1925823.4"), "1,925,823"),
    ],
)
def test_average(value: Decimal | None, text: str) -> None:
    assert wording.average(value) == text


def test_count_exact() -> None:
    assert wording.count_exact(None) == "–"
    assert wording.count_exact(12_841) == "12,841"


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (0, "0 ms"),
        (0.4, "<1 ms"),
        (840, "840 ms"),
        (999.4, "999 ms"),
        (999.5, "1.0 s"),
        (3_840, "3.8 s"),
        (59_949, "59.9 s"),
        (59_950, "1 min 00 s"),
        (119_600, "2 min 00 s"),
        (125_000, "2 min 05 s"),
        (3_599_499, "59 min 59 s"),
        (3_599_500, "1 h 00 min"),
        (3_900_000, "1 h 05 min"),
        (-840, "-840 ms"),
        (Decimal("1250"), "1.3 s"),
    ],
)
def test_duration(milliseconds: float | Decimal | None, text: str) -> None:
    assert wording.duration_ms(milliseconds) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (0, "0.0 %"),
        (0.1234, "12.3 %"),
        (0.1235, "12.4 %"),
        (1, "100.0 %"),
        (0.0004, "<0.1 %"),
        (0.9996, ">99.9 %"),
        (12.5, "1,250.0 %"),
        (-0.031, "-3.1 %"),
    ],
)
def test_share(fraction: float | None, text: str) -> None:
    assert wording.share(fraction) == text


@pytest.mark.parametrize(
    ("now", "before", "text", "direction"),
    [
        ("4512", "4029", "+12.0 % ($483)", Direction.UP),
        ("90", "100", "-10.0 % ($10.00)", Direction.DOWN),
        ("0", "100", "-100.0 % ($100)", Direction.DOWN),
        ("100.00001", "100", "+<0.1 % (<$0.0001)", Direction.UP),
        ("5", "0", "new", Direction.UP),
        ("5", None, "new", Direction.UP),
        ("5", "5", "no change", Direction.FLAT),
        ("0", "0", "no change", Direction.FLAT),
        ("0", None, "no change", Direction.FLAT),
        (None, "5", "–", Direction.UNKNOWN),
        (None, None, "–", Direction.UNKNOWN),
    ],
)
def test_change(now: str | None, before: str | None, text: str, direction: Direction) -> None:
    known = [None if value is None else Decimal(value) for value in (now, before)]
    assert wording.change(*known, wording.money_rounded) == wording.Change(text, direction)


def test_change_of_calls_and_of_a_credit() -> None:
    assert wording.change(1284, 1000, wording.count).text == "+28.4 % (284)"
    assert wording.change(Decimal(-5), Decimal(-10), wording.money).text == "+50.0 % ($5.00)"
    assert wording.change(Decimal(-5), Decimal(0), wording.money).text == "-$5.00"


def test_moment_is_read_in_the_zone() -> None:
    at = datetime(2026, 8, 3, 7, 14, 59, tzinfo=UTC)
    assert wording.moment(at, "Europe/Berlin") == "3 Aug 2026, 09:14"
    assert wording.moment(at.replace(tzinfo=None), "Europe/Berlin") == "3 Aug 2026, 09:14"
    assert wording.moment(at.astimezone(timezone(timedelta(hours=9))), "UTC") == "3 Aug 2026, 07:14"
    assert wording.moment(at, "Pacific/Auckland") == "3 Aug 2026, 19:14"
    assert wording.moment(None, "UTC") == "–"


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        ((2026, 10, 24), (2026, 11, 22), "24 Oct – 22 Nov 2026 (30 days)"),
        ((2026, 8, 3), (2026, 8, 9), "3 – 9 Aug 2026 (7 days)"),
        ((2025, 12, 24), (2026, 1, 2), "24 Dec 2025 – 2 Jan 2026 (10 days)"),
        ((2026, 8, 3), (2026, 8, 3), "3 Aug 2026 (1 day)"),
        ((2026, 10, 25), (2026, 10, 25), "25 Oct 2026 (1 day)"),
    ],
)
def test_day_range(first: tuple[int, int, int], last: tuple[int, int, int], text: str) -> None:
    assert wording.day_range(custom(date(*first), date(*last), "Europe/Berlin")) == text


def test_day_range_of_presets() -> None:
    now = datetime(2026, 11, 22, 8, 14, 30, tzinfo=UTC)
    day = wording.day_range(preset(Preset.DAY, now, "Europe/Berlin"))
    assert day == "21 Nov, 09:15 – 22 Nov 2026, 09:15 (24 hours)"
    assert wording.day_range(preset(Preset.WEEK, now, "Europe/Berlin")) == "16 – 22 Nov 2026 (7 days)"
    first = datetime(2026, 11, 1, 8, 14, 30, tzinfo=UTC)
    month = wording.day_range(preset(Preset.THIS_MONTH, first, "Europe/Berlin"))
    assert month == "1 Nov 2026, 00:00 – 09:15 (9 hours 15 minutes)"


def test_day_range_over_new_year_and_where_midnight_does_not_exist() -> None:
    start = datetime(2025, 12, 31, 12, 0, tzinfo=UTC)
    frame = Timeframe(start, start + timedelta(hours=24))
    assert wording.day_range(frame) == "31 Dec 2025, 12:00 – 1 Jan 2026, 12:00 (24 hours)"
    skipped = custom(date(2026, 9, 6), date(2026, 9, 6), "America/Santiago")
    assert wording.day_range(skipped) == "6 Sep 2026 (1 day)"


@pytest.mark.parametrize(
    ("grain", "text"),
    [
        ("hour", "Mon 3 Aug 2026, 09:00"),
        ("day", "Mon 3 Aug 2026"),
        ("week", "3 – 9 Aug 2026"),
        ("month", "Aug 2026"),
    ],
)
def test_period(grain: Grain, text: str) -> None:
    assert wording.period(datetime(2026, 8, 3, 9, tzinfo=UTC), grain) == text


def test_months() -> None:
    day = date(2026, 8, 31)
    said = (wording.month(day), wording.month_name(day), wording.month_name(day, year=True))
    assert said == ("Aug 2026", "August", "August 2026")


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (None, "–"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (12_841, "12.8 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (482_000_000, "482.0 MB"),
        (2_147_483_648, "2.1 GB"),
    ],
)
def test_bytes_size(size: int | None, text: str) -> None:
    assert wording.bytes_size(size) == text


def test_plural_and_joined() -> None:
    assert wording.plural(1, "call") == "1 call"
    assert wording.plural(0, "call") == "0 calls"
    assert wording.plural(18_332, "row") == "18,332 rows"
    assert wording.plural(2, "entry", "entries") == "2 entries"
    assert wording.joined([]) == ""
    assert wording.joined(["a"]) == "a"
    assert wording.joined(["a", "b", "c"]) == "a, b and c"
