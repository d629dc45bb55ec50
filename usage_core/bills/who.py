"""Who acts on bills."""


def administrator() -> str:
    """The name under which what is done now is recorded."""
    return "administrator"
