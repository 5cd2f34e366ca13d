"""The provider itself: one open POST per picture, to the server that was configured."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

import httpx
from pydantic import SecretStr

from app.errors import ImageInvalid, ImageProtocol
from app.net.bearer import BearerApi
from app.net.client import NetClient, Reply
from app.orders import ImageRequest, JobHandle, JobState, JobStatus, Quote
from app.ports import Balance, Capabilities
from app.providers.inline import MAX_REPLY, picture_in
from app.providers.openai_images.refusals import kind_of, wants_no_response_format
from app.providers.orders import PROMPT_MAX, UNPRICED, dropped, on_grid, refuse_unusable

NAME = "openai_images"
#: FLUX pipelines round sides down to 16; asking on that grid, none comes out smaller than asked
_STEP, _MIN_SIDE, _MAX_SIDE = 16, 64, 2048
#: any printable name without spaces: the server is the judge of which models there are
_MODEL = re.compile(r"[!-~]{1,200}")


class OpenAiImagesSettings(Protocol):
    """The settings this provider reads."""

    @property
    def openai_images_api_key(self) -> SecretStr | None:
        """OPENAI_IMAGES_API_KEY."""

    @property
    def openai_images_base_url(self) -> str | None:
        """OPENAI_IMAGES_BASE_URL."""

    @property
    def image_model(self) -> str | None:
        """IMAGE_MODEL."""


def build(
    settings: OpenAiImagesSettings, net: NetClient, _pictures: object
) -> OpenAiImagesProvider | None:
    """The provider, or None while OPENAI_IMAGES_BASE_URL is unset; a key is not needed."""
    if settings.openai_images_base_url is None:
        return None
    return OpenAiImagesProvider(
        net,
        key=settings.openai_images_api_key,
        base_url=settings.openai_images_base_url,
        model=settings.image_model,
    )


class OpenAiImagesProvider:
    """FLUX at a server of one's own choice; http and loopback are fine, somebody set them."""

    name = NAME

    def __init__(
        self,
        net: NetClient,
        *,
        base_url: str,
        key: SecretStr | None = None,
        model: str | None = None,
        submit_seconds: float = 300.0,
        max_reply: int = MAX_REPLY,
    ) -> None:
        """`base_url` with or without its /v1; `model` is what the server calls its FLUX.

        `submit_seconds` bounds order and painting as a whole: an own machine may be slow.
        """
        self.default_model = model or "flux"
        self._api = BearerApi(net, provider=NAME, key=key)
        self._base = httpx.URL(base_url.rstrip("/"))
        self.trusted_hosts = frozenset({self._base.netloc.decode("ascii")})
        self._submit_seconds = submit_seconds
        self._max_reply = max_reply

    def capabilities(self, model: str) -> Capabilities:
        """What can be asked; `formats` is empty because the server chooses its own."""
        if not _MODEL.fullmatch(model):
            raise ImageInvalid(f"{model[:50]!r} is no name of a model", provider=NAME)
        return Capabilities(
            sync=True,
            cancel=False,
            webhook=False,
            credits=False,
            idempotent=False,
            reports_cost=False,
            references_max=0,
            size_step=_STEP,
            min_side=_MIN_SIDE,
            max_side=_MAX_SIDE,
            max_pixels=_MAX_SIDE * _MAX_SIDE,
            formats=(),
            prompt_max=PROMPT_MAX,
            concurrency=1,
            poll_floor=0.0,
            result_minutes=None,
        )

    def validate(self, request: ImageRequest) -> Quote:
        """The size to be painted, at a price nobody tells; or `ImageInvalid`."""
        self.capabilities(request.model or self.default_model)
        refuse_unusable(request, provider=NAME, references_max=0, safety=None)
        width, height = on_grid(
            request, provider=NAME, step=_STEP, min_side=_MIN_SIDE, max_side=_MAX_SIDE
        )
        warnings = dropped(request, formats=(), safety=False, upsampling=False)
        return Quote(width=width, height=height, cost=UNPRICED, warnings=warnings)

    async def submit(self, request: ImageRequest, *, key: str) -> JobStatus:
        """The finished picture. There is no idempotency key, so `key` goes nowhere.

        A server that refuses `response_format` is asked once more without it: a refused order
        paints nothing.
        """
        body = self._order(request, self.validate(request))
        reply = await self._post(body | {"response_format": "b64_json"})
        if wants_no_response_format(reply):
            reply = await self._post(body)
        if reply.status not in (200, 201):
            raise self._api.refusal(reply, ordering=True, kind=kind_of(reply))
        picture = picture_in(self._api.object(reply), provider=NAME)
        if picture is None:
            raise self._api.protocol("the answer holds no picture", reply)
        return JobStatus(
            state=JobState.SUCCEEDED,
            raw_status="Ready",
            output=self._absolute(picture) if isinstance(picture, str) else picture,
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
        """Servers of this kind count nothing."""
        return None

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """Nobody calls back."""
        return None

    def _order(self, request: ImageRequest, quoted: Quote) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": request.model or self.default_model,
            "prompt": request.prompt,
            "n": 1,
            "size": f"{quoted.width}x{quoted.height}",
        }
        return body if request.seed is None else body | {"seed": request.seed}

    async def _post(self, body: Mapping[str, Any]) -> Reply:
        versioned = "v1" in self._base.path.split("/")
        root = f"{self._base}" if versioned else f"{self._base}/v1"
        return await self._api.order(
            f"{root}/images/generations",
            body,
            seconds=self._submit_seconds,
            limit=self._max_reply,
        )

    def _absolute(self, url: str) -> str:
        """A relative address is on the server itself (SGLang-diffusion's edits)."""
        try:
            return str(self._base.join(url))
        except (httpx.InvalidURL, ValueError) as error:
            raise ImageProtocol("the picture's address is no URL", provider=NAME) from error
