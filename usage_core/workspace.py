"""The workspace: the store of real calls and, as long as it is empty, a sample kept apart from it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

import sqlalchemy as sa
from filelock import FileLock

from usage_core import sample
from usage_core.access.journal import Journal
from usage_core.intake.run import import_file
from usage_core.settings import Settings
from usage_core.store.lake import Lake, open_lake, remove
from usage_core.store.tables import BUCKETS, CALLS


@dataclass(frozen=True, slots=True)
class Shown:
    """The store to show, and whether it is the sample."""

    lake: Lake
    is_sample: bool


class Workspace:
    """Opens the stores as they are needed; safe to share between threads."""

    def __init__(
        self,
        settings: Settings,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
        calls: int = sample.SAMPLE_CALLS,
    ) -> None:
        """Open the store of real calls, creating it on first start."""
        self.real = open_lake(settings.folder)
        self.journal = Journal(settings.folder)
        self._today = today
        self._calls = calls
        self._sample: tuple[date, Lake] | None = None
        self._has_real = False
        self._looked_at = -1
        """The version of the store of real calls at which was last looked whether it has any."""
        self._guard = threading.Lock()

    def shown(self) -> Shown:
        """What pages and exports show now: real calls once there is one, else the sample."""
        if self.has_real_calls():
            return Shown(self.real, is_sample=False)
        with self._guard:
            today = self._today()
            if self._sample is None or self._sample[0] != today:
                self._close_sample()
                self._sample = today, self._make_sample(today)
            return Shown(self._sample[1], is_sample=True)

    def has_real_calls(self) -> bool:
        """Whether the store holds any call, or sums of any; the sample is removed when the first is there."""
        version = self.real.version()
        if version != self._looked_at:
            with self.real.reading() as connection:
                found = any(
                    connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first()
                    for table in (CALLS, BUCKETS)
                )
            if found and not self._has_real:
                self._forget_sample()
            self._has_real, self._looked_at = found, version
        return self._has_real

    def _make_sample(self, until: date) -> Lake:
        """The sample up to yesterday, made once a day whoever asks; older ones are removed."""
        home = self.real.folder / "sample"
        home.mkdir(exist_ok=True)
        folder = home / f"{until}-{self._calls}"
        with FileLock(home / "sample.lock"):
            if not (folder / "complete").exists():
                for old in home.iterdir():
                    if old.is_dir():
                        remove(old)
                lake = open_lake(folder)
                _fill(lake, folder / "sample.csv", self._calls, until)
                (folder / "complete").touch()
                return lake
        return open_lake(folder)

    def _forget_sample(self) -> None:
        with self._guard:
            self._close_sample()
            remove(self.real.folder / "sample")

    def close(self) -> None:
        """Let go of every store."""
        with self._guard:
            self._close_sample()
        self.journal.close()
        self.real.close()

    def _close_sample(self) -> None:
        if self._sample:
            self._sample[1].close()
            self._sample = None


def _fill(lake: Lake, path: Path, calls: int, until: date) -> None:
    midnight = datetime.combine(until, time(), tzinfo=UTC)
    sample.write_csv(path, calls=calls, days=sample.SAMPLE_DAYS, seed=sample.SAMPLE_SEED, until=midnight)
    import_file(lake, path, name="Sample workspace")
    path.unlink()
