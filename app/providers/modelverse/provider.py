"""The provider itself. A cut connection is a picture paid and gone: nothing is sent twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import httpx
from pydantic import SecretStr

from app.errors import ImageError
from app.net.bearer import BearerApi, error_object
from app.net.client import NetClient, Reply
from app.orders import ImageRequest, JobHandle, JobState, JobStatus, Quote
from app.ports import Balance, Capabilities
from app.providers.inline import MAX_REPLY, picture_in
from app.providers.modelverse.orders import FORMATS, NAME, order, quote, rules_of
from app.providers.modelverse.refusals import kind_of, moderated
from app.providers.orders import PROMPT_MAX, UNPRICED

#: for China, and for everywhere else (MV-docs)
VENDOR_URLS = ("https://api.modelverse.cn", "https://api.umodelverse.ai")


class ModelVerseSettings(Protocol):
    """The settings this provider reads."""

    @property
    def modelverse_api_key(self) -> SecretStr | None:
        """MODELVERSE_API_KEY."""

    @property
    def modelverse_base_url(self) -> str:
        """MODELVERSE_BASE_URL."""


def build(
    settings: ModelVerseSettings, net: NetClient, _pictures: object
) -> ModelVerseProvider | None:
    """The provider, or None while MODELVERSE_API_KEY is unset."""
    if settings.modelverse_api_key is None:
        return None
    return ModelVerseProvider(
        net, key=settings.modelverse_api_key, base_url=settings.modelverse_base_url
    )


class ModelVerseProvider:
    """FLUX through ModelVerse. There are no jobs: `submit` waits and brings the picture."""

    name = NAME
    default_model = "flux-2-pro"

    def __init__(
        self,
        net: NetClient,
        *,
        key: SecretStr,
        base_url: str = VENDOR_URLS[0],
        submit_seconds: float = 200.0,
        max_reply: int = MAX_REPLY,
    ) -> None:
        """`submit_seconds` bounds order and painting as a whole, `max_reply` the answer's bytes.

        The vendor answers 504 by itself when it takes too long; to hang up earlier loses money.
        """
        self._api = BearerApi(net, provider=NAME, key=key)
        self._base = base_url.rstrip("/")
        own = httpx.URL(self._base).netloc.decode("ascii")
        self.trusted_hosts = frozenset(() if self._base in VENDOR_URLS else {own})
        self._submit_seconds = submit_seconds
        self._max_reply = max_reply

    def capabilities(self, model: str) -> Capabilities:
        """What `model` can do here; `ImageInvalid` for an unknown one."""
        rules = rules_of(model)
        return Capabilities(
            sync=True,
            cancel=False,
            webhook=False,
            credits=False,
            idempotent=False,
            reports_cost=False,
            references_max=len(rules.references),
            size_step=rules.step,
            min_side=rules.min_side,
            max_side=rules.max_side,
            max_pixels=rules.max_side * rules.max_side,
            formats=FORMATS,
            prompt_max=PROMPT_MAX,
            concurrency=4,
            poll_floor=0.0,
            result_minutes=None,
        )

    def validate(self, request: ImageRequest) -> Quote:
        """The size to be painted, at a price nobody tells; or `ImageInvalid`."""
        return quote(request, rules_of(request.model or self.default_model))

    async def submit(self, request: ImageRequest, *, key: str) -> JobStatus:
        """The finished picture. ModelVerse takes no idempotency key, so `key` goes nowhere."""
        quoted = self.validate(request)
        model = request.model or self.default_model
        reply = await self._api.order(
            f"{self._base}/v1/{model}",
            order(request, rules_of(model), quoted),
            seconds=self._submit_seconds,
            limit=self._max_reply,
        )
        if reply.status != 200:
            raise self._refusal(reply)
        picture = picture_in(self._api.object(reply), provider=NAME)
        if picture is None:
            raise self._pictureless(reply)
        return JobStatus(
            state=JobState.SUCCEEDED,
            raw_status="Ready",
            output=picture,
            progress=1.0,
            cost=UNPRICED,
            seed=request.seed,
        )

    async def poll(self, handle: JobHandle) -> JobStatus:
        """There are no jobs to ask for."""
        return JobStatus(state=JobState.NOT_FOUND, raw_status="Task not found")

    async def cancel(self, handle: JobHandle) -> bool:
        """Nothing goes on after `submit`."""
        return False

    async def credits(self) -> Balance | None:
        """No call for it is documented."""
        return None

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """No webhook is ordered: what one would do to an open POST is unexplained (seed 002)."""
        return None

    def _refusal(self, reply: Reply) -> ImageError:
        error = self._api.refusal(reply, ordering=True, kind=kind_of(reply))
        # MV-docs: `param` of the error object is the request's id.
        named = error_object(reply).get("param")
        if error.request_id is None and isinstance(named, str):
            error.request_id = named[:100] or None
        return error

    def _pictureless(self, reply: Reply) -> ImageError:
        """BFL's refusals, should they come through as an answer, are told from mere nonsense."""
        kind = moderated(reply)
        if kind is None:
            return self._api.protocol("the answer holds no picture", reply)
        return self._api.refusal(reply, ordering=True, kind=kind)
