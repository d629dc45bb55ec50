"""What has to hold before the console answers anybody."""

import logging
import os
import sys
from typing import Any

from streamlit import config

from pages.server import visitor
from pages.server.hardening import Wall
from usage_core import logs
from usage_core.access import configuration
from usage_core.access.configuration import OPEN_DOORS, Access
from usage_core.errors import AccessMisconfigured, SettingRefused, UsageError

LOOPBACK = ("localhost", "127.0.0.1", "::1", "[::1]")


def checked_access() -> Access | None:
    """How people sign in. Ends the program, in words, where that or how the log is written is not settled."""
    try:
        access = visitor.access()
        _check(access)
        logs.is_json()
    except (AccessMisconfigured, SettingRefused) as error:
        raise SystemExit(f"\nThe console does not start. {error}\n") from None
    return access


def give_up(error: UsageError) -> None:
    """End the program, in words, where its store cannot be opened.

    An exception would come out of the server as a trace of a hundred lines; nothing is open yet that would
    have to be closed.
    """
    sys.stderr.write(f"\nThe console does not start. {error}\n\n")
    sys.stderr.flush()
    os._exit(1)


def _check(access: Access | None) -> None:
    if access and config.get_option("server.trustedUserHeaders"):
        raise AccessMisconfigured(
            "server.trustedUserHeaders lets any request say who it is from. Take it away: people sign in."
        )
    if access or config.get_option("server.address") in LOOPBACK:
        return
    if not configuration.are_doors_open():
        where = config.get_option("server.address") or "every address of this machine"
        raise AccessMisconfigured(
            f"It is to answer on {where}, but no sign-in is configured, and whoever reaches it could see and "
            "change everything. Configure sign-in (docs/sign-in.md), or keep it to this machine with "
            "--server.address localhost, or, if everybody on that network may do everything, set "
            f"{OPEN_DOORS}=yes."
        )


def is_for_this_machine_only(access: Access | None) -> bool:
    """Whether nobody but this machine may reach the console."""
    return access is None and not configuration.are_doors_open()


def hosts(access: Access | None) -> list[str]:
    """Hosts that may be asked for. On loopback no other name leads here but by a trick."""
    named = list(config.get_option("server.allowedHosts") or [])
    if access:
        return [access.host, *named, *LOOPBACK]
    if config.get_option("server.address") in LOOPBACK:
        return [*LOOPBACK, *named]
    return named or ["*"]


def wall(access: Access | None) -> Wall:
    """What the server keeps out."""
    return Wall(
        hosts=hosts(access),
        this_machine_only=is_for_this_machine_only(access),
        is_https=access is not None and access.is_https,
        upload_bytes=(int(config.get_option("server.maxUploadSize")) + 1) << 20,
    )


def secrets(access: Access, base: str) -> dict[str, Any]:
    """What Streamlit's own `st.login` has to know."""
    return {
        "redirect_uri": f"{access.url}{base}/oauth2callback",
        "cookie_secret": access.cookie_secret,
        "client_id": access.client_id,
        "client_secret": access.client_secret,
        "server_metadata_url": access.metadata_url,
        "client_kwargs": {"scope": access.scope, "prompt": access.prompt},
    }


def say(access: Access | None) -> None:
    """Tell whoever started the console who gets in."""
    if access:
        people = "Sign-in is on: people are sent to the identity provider."
    elif configuration.are_doors_open():
        people = f"WARNING: no sign-in, and {OPEN_DOORS}=yes: whoever reaches this address can do everything."
    else:
        people = "No sign-in is configured, so the console answers on this machine only (docs/sign-in.md)."
    if logs.is_json():
        logging.getLogger("usage_core.start").info(people)
    else:
        sys.stderr.write(f"  {people}\n")
