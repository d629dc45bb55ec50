"""Errors whose text is written for the person in front of the console."""


def printed(text: str) -> str:
    """A text from outside as an error quotes it: with a mark for each character that nobody would see."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


class UsageError(Exception):
    """Base of every error shown to a person: its text says what happened and what to do."""


class SelectionError(UsageError):
    """A timeframe, zone or filter that cannot be understood."""


class UnrecognisedFile(UsageError):
    """A file that no importer knows; nothing of it was read."""


class UnreadableFile(UsageError):
    """A file of a known format that cannot be read; nothing of it was stored."""


class MappingRefused(UsageError):
    """A mapping of columns to fields that cannot be meant, or is not there."""


class StoreUnavailable(UsageError):
    """The store cannot be opened, or is of a version this program does not know."""


class SettingRefused(UsageError):
    """A setting of the environment that cannot be meant."""


class Interrupted(UsageError):
    """A question to the store that nobody waits for any more."""


class GivenUp(UsageError):
    """Work that was under way when the program had to end: it was undone."""

    def __init__(self) -> None:
        super().__init__(
            "The program was stopped before this was done. Nothing of it is stored; do it again when the "
            "program runs again."
        )


class TookTooLong(UsageError):
    """A question to the store that was stopped at its time limit."""


class PriceRefused(UsageError):
    """A price, discount or alias that cannot be meant."""


class UndoRefused(UsageError):
    """An import or a repricing that cannot be undone: it is not there, or was undone before."""


class AccessMisconfigured(UsageError):
    """Sign-in is configured in part, or by a setting that cannot be meant."""


class AccessRefused(UsageError):
    """Somebody who may not do what they asked for."""


class BackupRefused(UsageError):
    """A backup that cannot be written, or is not taken back."""


class NothingToDelete(UsageError):
    """Calls that are to be deleted, of which there are none."""


class TokenRefused(UsageError):
    """An access token that cannot be created or revoked."""
