"""The provider itself: a prediction per picture, asked for on the host that took the order."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote as escaped

import httpx
from pydantic import SecretStr

from app.errors import ImageProtocol, ImageUnavailable
from app.net.bearer import BearerApi, is_json
from app.net.client import BadReply, NetClient, Reply
from app.net.refusals import request_id
from app.orders import ImageRequest, JobHandle, JobState, JobStatus, Quote
from app.ports import Balance, Capabilities
from app.providers.orders import PROMPT_MAX, UNPRICED
from app.providers.replicate.models import OWNER
from app.providers.replicate.orders import MIN_SIDE, STEP, bare, order, quote, rules_of
from app.providers.replicate.replies import STATES, kind_of, pause, status
from app.providers.replicate.webhooks import job_of

_log = logging.getLogger(__name__)
#: what an id may be to stand in a path; "." and ".." may not
_ID = re.compile(r"(?!\.+\Z)[A-Za-z0-9._:~-]{1,200}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """One of the two places. What is not documented at CometAPI is left alone there."""

    name: str
    url: str
    default_model: str
    poll_floor: float
    #: Replicate itself: jobs can be canceled, and webhooks bear a signature of ours
    direct: bool


REPLICATE = Site(
    name="replicate",
    url="https://api.replicate.com",
    default_model="flux-2-pro",
    poll_floor=0.5,
    direct=True,
)
#: the default model is of seed 003's list: flux-2-pro is known there from a discussion only
COMETAPI = Site(
    name="cometapi",
    url="https://api.cometapi.com/replicate",
    default_model="flux-1.1-pro",
    poll_floor=1.0,
    direct=False,
)


class ReplicateSettings(Protocol):
    """The settings of the direct way."""

    @property
    def replicate_api_token(self) -> SecretStr | None:
        """REPLICATE_API_TOKEN."""

    @property
    def replicate_base_url(self) -> str:
        """REPLICATE_BASE_URL."""


class CometSettings(Protocol):
    """The settings of the way through CometAPI."""

    @property
    def cometapi_key(self) -> SecretStr | None:
        """COMETAPI_KEY."""

    @property
    def cometapi_base_url(self) -> str:
        """COMETAPI_BASE_URL."""


def build(
    settings: ReplicateSettings, net: NetClient, _pictures: object
) -> ReplicateProvider | None:
    """The provider at Replicate, or None while REPLICATE_API_TOKEN is unset."""
    key, base_url = settings.replicate_api_token, settings.replicate_base_url
    return None if key is None else ReplicateProvider(net, REPLICATE, key=key, base_url=base_url)


def build_cometapi(
    settings: CometSettings, net: NetClient, _pictures: object
) -> ReplicateProvider | None:
    """The provider at CometAPI, or None while COMETAPI_KEY is unset."""
    key, base_url = settings.cometapi_key, settings.cometapi_base_url
    return None if key is None else ReplicateProvider(net, COMETAPI, key=key, base_url=base_url)


class ReplicateProvider:
    """FLUX on Replicate. The key goes to the configured base URL and nowhere else.

    The reply's own `urls` are never followed: through CometAPI they name Replicate's host, where
    the Comet key is a stranger's.
    """

    def __init__(
        self,
        net: NetClient,
        site: Site,
        *,
        key: SecretStr,
        base_url: str | None = None,
        webhook_url: str | None = None,
        webhook_secret: SecretStr | None = None,
        submit_seconds: float = 60.0,
        ask_seconds: float = 25.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`submit_seconds` and `ask_seconds` bound one order and one poll as a whole.

        CometAPI's query once hung for 45 s (COMET-docs, 2026-03-12): a poll is given up earlier
        and asked again. `now` judges the age of webhooks.
        """
        self.name = site.name
        self.default_model = site.default_model
        self._site = site
        self._api = BearerApi(net, provider=site.name, key=key)
        self._base = (base_url or site.url).rstrip("/")
        own = httpx.URL(self._base).netloc.decode("ascii")
        self.trusted_hosts = frozenset(() if self._base == site.url else {own})
        self._webhook_url = webhook_url if site.direct else None
        self._webhook_secret = webhook_secret if site.direct else None
        self._submit_seconds = submit_seconds
        self._ask_seconds = ask_seconds
        self._now = now
        self._odd_statuses: set[str] = set()

    def capabilities(self, model: str) -> Capabilities:
        """What `model` can do here; `ImageInvalid` for an unknown one."""
        rules = rules_of(model, provider=self.name)
        max_side, max_pixels = rules.largest
        return Capabilities(
            sync=False,
            cancel=self._site.direct,
            webhook=self._webhook_secret is not None,
            credits=False,
            idempotent=False,
            reports_cost=False,
            references_max=rules.references_max,
            size_step=1 if rules.sizes else STEP,
            min_side=1 if rules.sizes else MIN_SIDE,
            max_side=max_side,
            max_pixels=max_pixels,
            formats=rules.formats,
            prompt_max=PROMPT_MAX,
            concurrency=8,
            poll_floor=self._site.poll_floor,
            result_minutes=60.0,
        )

    def validate(self, request: ImageRequest) -> Quote:
        """The size to be painted, and warnings for what this model cannot be told."""
        rules = rules_of(request.model or self.default_model, provider=self.name)
        return quote(request, rules, provider=self.name)

    async def submit(self, request: ImageRequest, *, key: str) -> JobHandle:
        """Order the picture. Replicate takes no idempotency key, so `key` goes nowhere.

        `Prefer: wait` is not sent: an id in hand early is worth more than a shorter wait.
        """
        model = request.model or self.default_model
        rules = rules_of(model, provider=self.name)
        fields = order(request, rules, self.validate(request), provider=self.name)
        reply = await self._api.order(
            f"{self._base}/v1/models/{OWNER}/{bare(model)}/predictions",
            {"input": fields, **self._webhook_fields()},
            seconds=self._submit_seconds,
        )
        if reply.status not in (200, 201, 202):
            raise self._refusal(reply, ordering=True)
        job_id = self._api.object(reply).get("id")
        if not isinstance(job_id, str) or not _ID.fullmatch(job_id):
            raise self._api.protocol("the order was answered without a usable job id", reply)
        return JobHandle(
            provider=self.name,
            model=model,
            job_id=job_id,
            cost=UNPRICED,
            request_id=request_id(reply.headers),
        )

    async def poll(self, handle: JobHandle) -> JobStatus:
        """Ask once, on the configured host."""
        reply = await self._api.ask(self._job_url(handle), seconds=self._ask_seconds)
        if reply.status == 404 and is_json(reply):
            return JobStatus(state=JobState.NOT_FOUND, raw_status="Not found")
        if reply.status == 404:
            raise ImageUnavailable(provider=self.name, raw="HTTP 404", http_status=404)
        if reply.status not in (200, 202):
            raise self._refusal(reply, ordering=False)
        data = self._prediction(reply)
        self._note_odd(str(data.get("status"))[:100])
        return status(handle, data, hidden=self._api.hidden)

    async def cancel(self, handle: JobHandle) -> bool:
        """Whether Replicate stopped the job (REP-docs); CometAPI documents no such call."""
        if not self._site.direct:
            return False
        url = f"{self._job_url(handle)}/cancel"
        reply = await self._api.ask(url, seconds=self._ask_seconds, method="POST")
        if reply.status != 200:
            return False
        word = str(self._prediction(reply).get("status")).lower()
        return STATES.get(word) is JobState.CANCELED

    async def credits(self) -> Balance | None:
        """Neither place documents a call for it."""
        return None

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """The job's id when the signature is right; None also while no secret is set.

        Through CometAPI the signing secret is not ours, so nothing is believed there.
        """
        if self._webhook_secret is None:
            return None
        secret = self._webhook_secret.get_secret_value()
        return job_of(headers, body, secret=secret, now=self._now())

    def _webhook_fields(self) -> dict[str, Any]:
        if self._webhook_url is None or self._webhook_secret is None:
            return {}
        return {"webhook": self._webhook_url, "webhook_events_filter": ["completed"]}

    def _job_url(self, handle: JobHandle) -> str:
        if not _ID.fullmatch(handle.job_id):
            raise ImageProtocol("the job's id is not one of Replicate's", provider=self.name)
        return f"{self._base}/v1/predictions/{escaped(handle.job_id, safe='')}"

    def _prediction(self, reply: Reply) -> Mapping[str, Any]:
        """The prediction in an answer; `ImageUnavailable` for none: the job may well go on."""
        try:
            data = reply.json()
        except BadReply as error:
            raise ImageUnavailable(str(error), provider=self.name) from error
        if not isinstance(data, Mapping):
            raise ImageUnavailable("the answer is no JSON object", provider=self.name)
        return data

    def _refusal(self, reply: Reply, *, ordering: bool) -> Exception:
        return self._api.refusal(
            reply,
            ordering=ordering,
            kind=kind_of(reply, ordering=ordering),
            retry_after=pause(reply) if reply.status == 429 else None,
        )

    def _note_odd(self, raw: str) -> None:
        if raw.strip().lower() in STATES or raw in self._odd_statuses:
            return
        if len(self._odd_statuses) < 20:
            self._odd_statuses.add(raw)
            _log.warning("%s: unknown status %r is taken as running", self.name, raw)
