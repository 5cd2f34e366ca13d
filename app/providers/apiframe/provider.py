"""The provider itself: uploads, an order with an idempotency key, polls by job id."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import quote as escaped

import httpx
from pydantic import SecretStr

from app.errors import ImageError, ImageSubmitUnknown, ImageUnavailable
from app.net.client import NetClient, Reply
from app.net.keyed import (
    ACCEPTED,
    KeyedApi,
    OddStatuses,
    header,
    is_signed,
    job_id_of,
    json_field,
    json_of,
    number,
    order_name,
)
from app.net.refusals import request_id
from app.orders import ImageRequest, JobHandle, JobState, JobStatus, Quote
from app.ports import Balance, Capabilities
from app.providers.apiframe.orders import (
    FORMATS,
    MAX_SIDE,
    NAME,
    PROMPT_MAX,
    UNIT,
    kind_of,
    order,
    quote,
    rules_of,
)
from app.providers.apiframe.replies import STATES, refused_words, reported, status

VENDOR_URL = "https://api.apiframe.ai"


class ApiframeSettings(Protocol):
    """The settings this provider reads."""

    @property
    def apiframe_api_key(self) -> SecretStr | None:
        """APIFRAME_API_KEY."""

    @property
    def apiframe_base_url(self) -> str:
        """APIFRAME_BASE_URL."""


def build(
    settings: ApiframeSettings, net: NetClient, _pictures: object
) -> ApiframeProvider | None:
    """The provider, or None while APIFRAME_API_KEY is unset."""
    if settings.apiframe_api_key is None:
        return None
    return ApiframeProvider(
        net, key=settings.apiframe_api_key, base_url=settings.apiframe_base_url
    )


class ApiframeProvider:
    """FLUX through Apiframe. The key goes to the configured host only, as `X-API-Key`."""

    name = NAME
    default_model = "flux-2-pro"

    def __init__(
        self,
        net: NetClient,
        *,
        key: SecretStr,
        base_url: str = VENDOR_URL,
        webhook_url: str | None = None,
        submit_seconds: float = 30.0,
        ask_seconds: float = 30.0,
    ) -> None:
        """`submit_seconds` bounds one order, which is sent again once when its answer is lost.

        `ask_seconds` bounds one poll or upload as a whole.
        """
        self._base = base_url.rstrip("/")
        self._key = key
        self._api = KeyedApi(
            net=net,
            provider=NAME,
            key=key,
            order_seconds=submit_seconds,
            ask_seconds=ask_seconds,
        )
        self._webhook_url = webhook_url
        own = httpx.URL(self._base).netloc.decode("ascii")
        self.trusted_hosts = frozenset(() if self._base == VENDOR_URL else {own})
        self._odd = OddStatuses(NAME, STATES)

    def capabilities(self, model: str) -> Capabilities:
        """What `model` can do here; `ImageInvalid` for an unknown one."""
        rules = rules_of(model)
        return Capabilities(
            sync=False,
            cancel=False,
            webhook=self._webhook_url is not None,
            credits=True,
            idempotent=True,
            reports_cost=True,
            references_max=rules.references,
            size_step=1,
            min_side=1,
            max_side=MAX_SIDE,
            max_pixels=max(size.width * size.height for size in rules.sizes),
            formats=FORMATS,
            prompt_max=PROMPT_MAX,
            concurrency=4,
            poll_floor=2.0,
            result_minutes=24 * 60.0,
        )

    def validate(self, request: ImageRequest) -> Quote:
        """The size to be painted, at a price told later; or `ImageInvalid`."""
        return quote(request, rules_of(request.model or self.default_model))

    async def submit(self, request: ImageRequest, *, key: str) -> JobHandle:
        """Order the picture, local reference pictures first.

        An order whose answer was lost is sent once more under the same Idempotency-Key, which
        gives the first job back for 24 hours (AF-OAS). What remains unknown then is unknown.
        """
        self.validate(request)
        model = request.model or self.default_model
        links = [await self._link(one) for one in request.references]
        body = order(request, model, links) | self._webhook_fields()
        headers = self._headers() | {"Idempotency-Key": order_name(key, request, model)}
        try:
            return await self._order(model, headers, body)
        except ImageSubmitUnknown as lost:
            if lost.http_status == 409:
                raise
            try:
                return await self._order(model, headers, body)
            except ImageError as error:
                raise lost from error

    async def poll(self, handle: JobHandle) -> JobStatus:
        """Ask once."""
        url = f"{self._base}/v2/jobs/{escaped(handle.job_id, safe='')}"
        reply = await self._api.ask("GET", url, headers=self._headers())
        if reply.status == 404:
            return JobStatus(state=JobState.NOT_FOUND, raw_status="Not found")
        if reply.status not in ACCEPTED:
            raise self._refusal(reply, ordering=False)
        data = self._api.object(reply, ordering=False)
        self._odd.note(str(data.get("status"))[:100])
        return status(handle, data)

    async def cancel(self, handle: JobHandle) -> bool:
        """No call for it is documented, though the status CANCELLED is."""
        return False

    async def credits(self) -> Balance:
        """The credits of the key's team (AF-OAS, GET /v2/me); their price is not told."""
        reply = await self._api.ask("GET", f"{self._base}/v2/me", headers=self._headers())
        if reply.status != 200:
            raise self._refusal(reply, ordering=False)
        team = self._api.object(reply, ordering=True).get("team")
        amount = number(team.get("credits")) if isinstance(team, Mapping) else None
        if amount is None:
            raise self._api.protocol("the balance was answered without credits", reply)
        return Balance(amount=amount, unit=UNIT)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """The job's id when `X-Webhook-Signature` is right.

        It is signed with the raw SHA-256 of the API key (AF-SDK), so a new key unsigns what is
        under way. It carries no time: what it says is asked for again.
        """
        secret = hashlib.sha256(self._key.get_secret_value().encode()).digest()
        if not is_signed(header(headers, "x-webhook-signature"), body, secret):
            return None
        return json_field(body, "jobId")

    async def _order(
        self, model: str, headers: Mapping[str, str], body: Mapping[str, object]
    ) -> JobHandle:
        reply = await self._api.order(
            f"{self._base}/v2/images/generate", headers=headers, body=body
        )
        if reply.status == 409:
            raise self._conflict(reply)
        if reply.status not in ACCEPTED:
            raise self._refusal(reply, ordering=True)
        data = self._api.object(reply, ordering=True)
        job_id = job_id_of(data.get("jobId") or data.get("id"))
        if job_id is None:
            raise self._api.protocol("the order was answered without a job id", reply)
        return JobHandle(
            provider=NAME,
            model=model,
            job_id=job_id,
            cost=reported(data.get("creditCost")),
            request_id=request_id(reply.headers),
        )

    async def _link(self, picture: str | bytes) -> str:
        """A reference picture as an address; an uploaded one lives 1 to 2 hours (AF-SDK)."""
        if isinstance(picture, str):
            return picture
        kind = kind_of(picture)
        reply = await self._api.ask(
            "POST",
            f"{self._base}/v2/uploads",
            headers=self._headers(),
            files={"file": (f"reference.{kind}", picture, f"image/{kind}")},
        )
        if reply.status == 404:
            raise ImageUnavailable(provider=NAME, raw="HTTP 404", http_status=404)
        if reply.status not in ACCEPTED:
            raise self._refusal(reply, ordering=False)
        url = self._api.object(reply, ordering=False).get("url")
        if not isinstance(url, str) or not url:
            raise ImageUnavailable("the upload was answered without an address", provider=NAME)
        return url

    def _headers(self) -> dict[str, str]:
        return {"X-API-Key": self._key.get_secret_value()}

    def _webhook_fields(self) -> dict[str, object]:
        if self._webhook_url is None:
            return {}
        return {"webhookUrl": self._webhook_url, "webhookEvents": ["completed", "failed"]}

    def _refusal(self, reply: Reply, *, ordering: bool) -> ImageError:
        words = refused_words(json_of(reply))
        return self._api.refusal(reply, ordering=ordering, words=words)

    def _conflict(self, reply: Reply) -> ImageSubmitUnknown:
        """409: an order with this key was taken before, from another body (AF-SDK).

        Our key is made of all that the order asks for but the addresses of uploads, so it is this
        order, sent before a crash; its job is not told.
        """
        seen = self._refusal(reply, ordering=True)
        return ImageSubmitUnknown(
            provider=NAME, raw=seen.raw, http_status=409, request_id=seen.request_id
        )
