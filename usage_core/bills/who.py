"""Who acts on bills."""

NO_NAME = "administrator"
"""Who it was where there is no sign-in."""


def named(address: str | None) -> str:
    """The name under which what somebody does is recorded."""
    return address or NO_NAME
