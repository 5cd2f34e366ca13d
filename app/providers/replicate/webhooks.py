"""Replicate's webhooks are signed by the standard-webhooks scheme (REP-docs, REP-py)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping

_TOLERANCE = 300.0


def job_of(headers: Mapping[str, str], body: bytes, *, secret: str, now: float) -> str | None:
    """The id of the prediction a webhook speaks of; None unless signed within five minutes.

    `secret` is Replicate's `whsec_...`, `now` the present in seconds since 1970.
    """
    given = {name.lower(): value for name, value in headers.items()}
    message, stamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        return None
    if abs(now - int(stamp)) > _TOLERANCE or not message:
        return None
    right = _signature(f"{message}.{stamp}.".encode() + body, secret)
    signatures = given.get("webhook-signature", "").split()
    if right is None or not any(_equal(one, right) for one in signatures):
        return None
    return _job_id(body)


def _signature(signed: bytes, secret: str) -> str | None:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return None
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode("ascii")


def _equal(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())


def _job_id(body: bytes) -> str | None:
    try:
        job_id = json.loads(body).get("id")
    except (ValueError, AttributeError, RecursionError):
        return None
    return job_id if isinstance(job_id, str) else None
