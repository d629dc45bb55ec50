"""Links to files that whoever has one may fetch for a while: what they are of stands in them, signed."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

LIFE = timedelta(minutes=15)
_DIGEST_BYTES = 32


class Links:
    """Makes and reads links; those of another process, or of this one before it was started, are no links."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(_DIGEST_BYTES)

    def made(self, what: Mapping[str, Any], now: datetime) -> str:
        """The part of an address that stands for this, until its life is over."""
        body = json.dumps({**what, "until": (now + LIFE).timestamp()}).encode()
        return base64.urlsafe_b64encode(self._signature(body) + body).decode().rstrip("=")

    def read(self, given: str, now: datetime) -> dict[str, Any] | None:
        """What a link stands for; None where it was not made here, was changed, or is over."""
        try:
            raw = base64.b64decode(given + "=" * (-len(given) % 4), altchars=b"-_", validate=True)
        except ValueError:
            return None
        signature, body = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
        if not hmac.compare_digest(signature, self._signature(body)):
            return None
        what: dict[str, Any] = json.loads(body)
        return what if now.timestamp() < what.pop("until") else None

    def _signature(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, hashlib.sha256)
