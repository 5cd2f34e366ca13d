"""The provider itself: one job per picture, polled at the URL the order was answered with."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import quote as escaped

import httpx
from pydantic import SecretStr

from app.errors import ImageError, ImageProtocol, ImageSubmitUnknown, ImageUnavailable
from app.net.client import AnswerLost, BadReply, CallTrouble, NetClient, NotSent, Reply
from app.net.refusals import refusal, request_id
from app.orders import ImageRequest, JobHandle, JobState, JobStatus, Quote
from app.ports import Balance, Capabilities
from app.providers.bfl.models import PROMPT_MAX, rules_of
from app.providers.bfl.orders import CREDIT_USD, UNIT, order, quote
from app.providers.bfl.replies import STATES, number, reported, status

VENDOR_URL = "https://api.bfl.ai"

_log = logging.getLogger(__name__)


class BflSettings(Protocol):
    """The settings this provider reads."""

    @property
    def bfl_api_key(self) -> SecretStr | None:
        """BFL_API_KEY."""

    @property
    def bfl_base_url(self) -> str:
        """BFL_BASE_URL."""


def build(settings: BflSettings, net: NetClient, _pictures: object) -> BflProvider | None:
    """The provider, or None while BFL_API_KEY is unset."""
    if settings.bfl_api_key is None:
        return None
    return BflProvider(net, key=settings.bfl_api_key, base_url=settings.bfl_base_url)


class BflProvider:
    """FLUX at its makers. The key goes to bfl.ai, its subdomains and the configured host only."""

    name = "bfl"
    default_model = "flux-2-pro"

    def __init__(
        self,
        net: NetClient,
        *,
        key: SecretStr,
        base_url: str = VENDOR_URL,
        webhook_url: str | None = None,
        webhook_secret: SecretStr | None = None,
        submit_seconds: float = 60.0,
        ask_seconds: float = 30.0,
    ) -> None:
        """`base_url` is another region or a server of one's own.

        `submit_seconds` and `ask_seconds` bound one order and one poll as a whole.
        """
        self._net = net
        self._key = key
        self._base = httpx.URL(base_url.rstrip("/"))
        self._webhook_url = webhook_url
        self._webhook_secret = webhook_secret
        own = base_url.rstrip("/") != VENDOR_URL
        self.trusted_hosts = frozenset({self._base.netloc.decode("ascii")} if own else ())
        self._submit_seconds = submit_seconds
        self._ask_seconds = ask_seconds
        self._odd_statuses: set[str] = set()

    def capabilities(self, model: str) -> Capabilities:
        """What `model` can do here; `ImageInvalid` for an unknown one."""
        rules = rules_of(model)
        return Capabilities(
            sync=False,
            cancel=False,
            webhook=self._webhook_secret is not None,
            credits=True,
            idempotent=False,
            reports_cost=True,
            references_max=len(rules.references),
            size_step=rules.step,
            min_side=rules.min_side,
            max_side=rules.max_side,
            max_pixels=rules.max_pixels,
            formats=rules.formats,
            prompt_max=PROMPT_MAX,
            concurrency=rules.concurrency,
            poll_floor=0.5,
            result_minutes=10.0,
        )

    def validate(self, request: ImageRequest) -> Quote:
        """The size to be painted and an estimate of its price in credits, or `ImageInvalid`."""
        return quote(request, rules_of(request.model or self.default_model))

    async def submit(self, request: ImageRequest, *, key: str) -> JobHandle:
        """Order the picture. BFL takes no idempotency key, so `key` goes nowhere."""
        quoted = self.validate(request)
        model = request.model or self.default_model
        body = order(request, rules_of(model), quoted) | self._webhook_fields()
        reply = await self._post(f"{self._base}/v1/{model}", body)
        data = self._object(reply)
        job_id = data.get("id")
        if not isinstance(job_id, str) or not 0 < len(job_id) <= 200:
            raise self._protocol("the order was answered without a job id", reply)
        return JobHandle(
            provider=self.name,
            model=model,
            job_id=job_id,
            poll_url=self._poll_url(data.get("polling_url"), job_id),
            cost=reported(data.get("cost")) or quoted.cost,
            request_id=request_id(reply.headers),
        )

    async def poll(self, handle: JobHandle) -> JobStatus:
        """Ask once, at the URL the order was answered with."""
        reply = await self._get(self._poll_url(handle.poll_url, handle.job_id))
        if reply.status == 404:
            return JobStatus(state=JobState.NOT_FOUND, raw_status="Task not found")
        if reply.status == 403 and not _speaks_of_key(reply):
            # Seen on paid jobs that went on (ComfyUI #11759): not a reason to give one up.
            raise ImageUnavailable(provider=self.name, raw="HTTP 403", http_status=403)
        if reply.status not in (200, 202):
            raise self._refusal(reply, ordering=False)
        try:
            data = reply.json()
        except BadReply as error:
            raise ImageUnavailable(str(error), provider=self.name) from error
        if not isinstance(data, Mapping):
            raise ImageUnavailable("the poll was answered with no object", provider=self.name)
        self._note_odd(str(data.get("status"))[:100])
        return status(handle, data)

    async def cancel(self, handle: JobHandle) -> bool:
        """BFL stops no job."""
        return False

    async def credits(self) -> Balance:
        """The credits left (docs.bfl.ai get-the-users-credits.md)."""
        reply = await self._get(f"{self._base}/v1/credits")
        if reply.status != 200:
            raise self._refusal(reply, ordering=False)
        amount = number(self._object(reply).get("credits"))
        if amount is None:
            raise self._protocol("the balance was answered without credits", reply)
        return Balance(amount=amount, unit=UNIT, usd=round(amount * CREDIT_USD, 4))

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """The job's id when `X-BFL-Signature` is right; None also while no secret is set."""
        if self._webhook_secret is None:
            return None
        given = {name.lower(): value for name, value in headers.items()}.get("x-bfl-signature", "")
        secret = self._webhook_secret.get_secret_value().encode()
        right = hmac.new(secret, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(given.removeprefix("sha256=").encode(), right.encode()):
            return None
        try:
            job_id = json.loads(body).get("id")
        except (ValueError, AttributeError, RecursionError):
            return None
        return job_id if isinstance(job_id, str) else None

    def _webhook_fields(self) -> dict[str, str]:
        if self._webhook_url is None or self._webhook_secret is None:
            return {}
        secret = self._webhook_secret.get_secret_value()
        return {"webhook_url": self._webhook_url, "webhook_secret": secret}

    def _headers(self) -> dict[str, str]:
        return {"x-key": self._key.get_secret_value(), "Accept": "application/json"}

    async def _post(self, url: str, body: Mapping[str, Any]) -> Reply:
        try:
            reply = await self._net.call(
                "POST", url, headers=self._headers(), body=body, seconds=self._submit_seconds
            )
        except NotSent as error:
            raise ImageUnavailable(str(error), provider=self.name) from error
        except AnswerLost as error:
            raise ImageSubmitUnknown(str(error), provider=self.name) from error
        except BadReply as error:
            raise ImageProtocol(str(error), provider=self.name) from error
        if reply.status not in (200, 201, 202):
            raise self._refusal(reply, ordering=True)
        return reply

    async def _get(self, url: str) -> Reply:
        try:
            return await self._net.call(
                "GET", url, headers=self._headers(), seconds=self._ask_seconds
            )
        except CallTrouble as error:
            raise ImageUnavailable(str(error), provider=self.name) from error

    def _refusal(self, reply: Reply, *, ordering: bool) -> ImageError:
        secret = self._key.get_secret_value()
        return refusal(reply, provider=self.name, ordering=ordering, secret=secret)

    def _protocol(self, message: str, reply: Reply) -> ImageProtocol:
        return ImageProtocol(
            message,
            provider=self.name,
            http_status=reply.status,
            request_id=request_id(reply.headers),
        )

    def _object(self, reply: Reply) -> Mapping[str, Any]:
        try:
            data = reply.json()
        except BadReply as error:
            raise self._protocol(str(error), reply) from error
        if not isinstance(data, Mapping):
            raise self._protocol("the answer is no JSON object", reply)
        return data

    def _poll_url(self, given: object, job_id: str) -> str:
        """The returned URL if the key may go there, else the documented one: the job is paid."""
        if isinstance(given, str) and self._may_have_key(given):
            return given
        if given is not None:
            _log.warning(
                "bfl: the polling address is not one of BFL's; the documented one is used"
            )
        return f"{self._base}/v1/get_result?id={escaped(job_id, safe='')}"

    def _may_have_key(self, url: str) -> bool:
        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, ValueError):
            return False
        if parsed.userinfo:
            return False
        if parsed.netloc == self._base.netloc:
            return parsed.scheme in {"https", self._base.scheme}
        vendor = parsed.host == "bfl.ai" or parsed.host.endswith(".bfl.ai")
        return vendor and parsed.scheme == "https" and parsed.port is None

    def _note_odd(self, raw: str) -> None:
        if raw.strip().lower() in STATES or raw in self._odd_statuses:
            return
        if len(self._odd_statuses) < 20:
            self._odd_statuses.add(raw)
            _log.warning("bfl: unknown status %r is taken as running", raw)


def _speaks_of_key(reply: Reply) -> bool:
    return b"authenticat" in reply.body.lower()
