"""Black Forest Labs' own API (api.bfl.ai): FLUX.2 and FLUX.1, one job per picture, polled by URL.

Facts are from the vendor's openapi.json and docs.bfl.ai, collected in providers.md 1.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from app.errors import (
    ImageError,
    ImageInvalid,
    ImageProtocol,
    ImageSubmitUnknown,
    ImageUnavailable,
)
from app.models import Cost, ImageRequest, JobHandle, JobState, JobStatus, Quote
from app.net.client import AnswerLost, BadReply, CallTrouble, NetClient, NotSent, Reply
from app.net.refusals import refusal, request_id
from app.pictures.sizes import of_area, paintable, ratio
from app.ports import Balance, Capabilities

VENDOR_URL = "https://api.bfl.ai"
#: docs.bfl.ai pricing.md: 1 credit is one US cent
CREDIT_USD = 0.01
_UNIT = "bfl_credit"
_MEGAPIXEL = 1024 * 1024
_PROMPT_MAX = 32_000
_SUBMIT_SECONDS = 60.0
_ASK_SECONDS = 30.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Model:
    """One endpoint: price in credits for the first and each further megapixel, and its rules."""

    first: float
    extra: float = 0.0
    step: int = 16
    min_side: int = 64
    max_side: int = 2048
    max_pixels: int = 4 * _MEGAPIXEL
    #: pixels of a model that takes a proportion instead of a size
    area: int | None = None
    references: tuple[str, ...] = ()
    formats: tuple[str, ...] = ("jpeg", "png", "webp")
    safety_max: int = 5
    upsampling: str | None = "disable_pup"
    concurrency: int = 24


def _images(count: int) -> tuple[str, ...]:
    return ("input_image", *(f"input_image_{n}" for n in range(2, count + 1)))


def _flux1(
    first: float, *, references: tuple[str, ...] = ("image_prompt",), **rules: Any
) -> _Model:
    defaults: dict[str, Any] = {
        "step": 32,
        "min_side": 256,
        "max_side": 1440,
        "max_pixels": 1440 * 1440,
        "formats": ("jpeg", "png"),
        "safety_max": 6,
        "upsampling": "prompt_upsampling",
    }
    return _Model(first=first, references=references, **{**defaults, **rules})


_KONTEXT: dict[str, Any] = {"references": _images(4), "area": _MEGAPIXEL}

MODELS: Mapping[str, _Model] = {
    "flux-2-pro": _Model(first=3, extra=1.5, references=_images(8)),
    "flux-2-pro-preview": _Model(first=3, extra=1.5, references=_images(8)),
    "flux-2-max": _Model(first=7, extra=3, references=_images(8)),
    "flux-2-flex": _Model(first=5, extra=5, references=_images(8), upsampling="prompt_upsampling"),
    "flux-2-klein-4b": _Model(first=1.4, extra=0.1, references=_images(4), upsampling=None),
    "flux-2-klein-9b": _Model(first=1.5, extra=0.2, references=_images(4), upsampling=None),
    "flux-2-klein-9b-preview": _Model(
        first=1.5, extra=0.2, references=_images(4), upsampling=None
    ),
    "flux-pro-1.1": _flux1(4),
    "flux-dev": _flux1(2.5),
    "flux-pro-1.1-ultra": _flux1(6, area=4 * _MEGAPIXEL),
    "flux-kontext-pro": _flux1(4, **_KONTEXT),
    "flux-kontext-max": _flux1(8, **_KONTEXT, concurrency=6),
}

_STATES: Mapping[str, JobState] = {
    "pending": JobState.RUNNING,
    "ready": JobState.SUCCEEDED,
    "error": JobState.FAILED,
    "failed": JobState.FAILED,
    "request moderated": JobState.MODERATED_INPUT,
    "content moderated": JobState.MODERATED_OUTPUT,
    "task not found": JobState.NOT_FOUND,
}


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
    ) -> None:
        """`base_url` is another region or a server of one's own, without a path's last slash."""
        self._net = net
        self._key = key
        self._base = httpx.URL(base_url.rstrip("/"))
        self._webhook_url = webhook_url
        self._webhook_secret = webhook_secret
        own = base_url.rstrip("/") != VENDOR_URL
        self.trusted_hosts = frozenset({self._base.netloc.decode("ascii")} if own else ())
        self._odd_statuses: set[str] = set()

    def capabilities(self, model: str) -> Capabilities:
        """What `model` can do here; `ImageInvalid` for an unknown one."""
        rules = self._rules(model)
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
            prompt_max=_PROMPT_MAX,
            concurrency=rules.concurrency,
            poll_floor=0.5,
            result_minutes=10.0,
        )

    def validate(self, request: ImageRequest) -> Quote:
        """The size to be painted and an estimate of its price in credits, or `ImageInvalid`."""
        model = self._rules(request.model or self.default_model)
        _refuse_unusable(request, model)
        width, height = _painted(request, model)
        credits = _estimate(model, width, height, len(request.references))
        return Quote(
            width=width,
            height=height,
            cost=_cost(credits, "estimated"),
            warnings=_warnings(request, model, width, height),
        )

    async def submit(self, request: ImageRequest, *, key: str) -> JobHandle:
        """Order the picture. BFL takes no idempotency key, so `key` goes nowhere."""
        quoted = self.validate(request)
        model = request.model or self.default_model
        body = _order(request, self._rules(model), quoted) | self._webhook_fields()
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
            cost=_reported(data.get("cost")) or quoted.cost,
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
        return self._status(handle, data)

    async def cancel(self, handle: JobHandle) -> bool:
        """BFL stops no job."""
        return False

    async def credits(self) -> Balance:
        """The credits left (docs.bfl.ai get-the-users-credits.md)."""
        reply = await self._get(f"{self._base}/v1/credits")
        if reply.status != 200:
            raise self._refusal(reply, ordering=False)
        amount = _number(self._object(reply).get("credits"))
        if amount is None:
            raise self._protocol("the balance was answered without credits", reply)
        return Balance(amount=amount, unit=_UNIT, usd=round(amount * CREDIT_USD, 4))

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

    def _rules(self, model: str) -> _Model:
        if model not in MODELS:
            known = ", ".join(MODELS)
            raise ImageInvalid(f"BFL has no model {model!r}; it has {known}", provider=self.name)
        return MODELS[model]

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
                "POST", url, headers=self._headers(), body=body, seconds=_SUBMIT_SECONDS
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
            return await self._net.call("GET", url, headers=self._headers(), seconds=_ASK_SECONDS)
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
        """The returned URL if the key may go there; the documented one where none is returned."""
        if given is None:
            return f"{self._base}/v1/get_result?id={quote(job_id, safe='')}"
        if isinstance(given, str) and self._may_have_key(given):
            return given
        raise ImageProtocol("the polling address is not one of BFL's", provider=self.name)

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

    def _status(self, handle: JobHandle, data: Mapping[str, Any]) -> JobStatus:
        if data.get("id", handle.job_id) not in (handle.job_id, None):
            raise ImageProtocol("the poll was answered for another job", provider=self.name)
        raw = str(data.get("status"))[:100]
        state = _STATES.get(raw.strip().lower(), JobState.RUNNING)
        self._note_odd(raw)
        result = data.get("result")
        result = result if isinstance(result, Mapping) else {}
        if state is JobState.SUCCEEDED and not _text(result.get("sample")):
            raise ImageProtocol("the picture is ready, but where is not said", provider=self.name)
        seed = result.get("seed")
        return JobStatus(
            state=state,
            raw_status=raw,
            output=_text(result.get("sample")) if state is JobState.SUCCEEDED else None,
            progress=_progress(data.get("progress")),
            reasons=_reasons(data.get("details")),
            cost=handle.cost,
            seed=seed if isinstance(seed, int) else None,
        )

    def _note_odd(self, raw: str) -> None:
        if raw.strip().lower() in _STATES or raw in self._odd_statuses:
            return
        if len(self._odd_statuses) < 20:
            self._odd_statuses.add(raw)
            _log.warning("bfl: unknown status %r is taken as running", raw)


def _refuse_unusable(request: ImageRequest, model: _Model) -> None:
    tolerance = request.safety_tolerance
    problems = (
        (not request.prompt.strip(), "the prompt is empty"),
        (len(request.prompt) > _PROMPT_MAX, f"the prompt is over {_PROMPT_MAX} characters"),
        (
            request.output_format not in ("png", "jpeg", "webp"),
            "the format is none of png, jpeg, webp",
        ),
        (
            tolerance is not None and not 0 <= tolerance <= model.safety_max,
            f"safety_tolerance goes from 0 to {model.safety_max}",
        ),
        (
            len(request.references) > len(model.references),
            f"this model takes at most {len(model.references)} reference pictures",
        ),
    )
    for wrong, sentence in problems:
        if wrong:
            raise ImageInvalid(sentence, provider=BflProvider.name)


def _painted(request: ImageRequest, model: _Model) -> tuple[int, int]:
    if model.area is not None:
        if not _within_ratio(request.width, request.height):
            raise ImageInvalid("the proportion must lie in 21:9 to 9:21", provider="bfl")
        return of_area(request.width, request.height, model.area)
    size = paintable(
        request.width,
        request.height,
        step=model.step,
        min_side=model.min_side,
        max_side=model.max_side,
        max_pixels=model.max_pixels,
    )
    if size is None:
        asked = f"{request.width} x {request.height}"
        limit = f"{model.max_side} a side and {model.max_pixels} pixels"
        raise ImageInvalid(f"{asked} is outside of this model's {limit}", provider="bfl")
    return size


def _within_ratio(width: int, height: int) -> bool:
    return width > 0 and height > 0 and 9 * max(width, height) <= 21 * min(width, height)


def _warnings(request: ImageRequest, model: _Model, width: int, height: int) -> tuple[str, ...]:
    found = []
    if width < request.width or height < request.height:
        found.append(f"painted at about {width} x {height} and enlarged")
    if request.output_format not in model.formats:
        found.append(f"painted as png and converted to {request.output_format}")
    if request.prompt_upsampling is not None and model.upsampling is None:
        found.append("this model has no prompt upsampling")
    return tuple(found)


def _order(request: ImageRequest, model: _Model, quoted: Quote) -> dict[str, Any]:
    """The request body; `output_format` always, because the vendor's default is jpeg."""
    known = request.output_format in model.formats
    body: dict[str, Any] = {
        "prompt": request.prompt,
        "output_format": request.output_format if known else "png",
    }
    if model.area is None:
        body |= {"width": quoted.width, "height": quoted.height}
    else:
        body["aspect_ratio"] = "{}:{}".format(*ratio(request.width, request.height))
    if request.seed is not None:
        body["seed"] = request.seed
    if request.safety_tolerance is not None:
        body["safety_tolerance"] = request.safety_tolerance
    if request.prompt_upsampling is not None and model.upsampling is not None:
        inverse = model.upsampling == "disable_pup"
        body[model.upsampling] = request.prompt_upsampling != inverse
    pairs = zip(model.references, request.references, strict=False)
    return body | {field: _reference(picture) for field, picture in pairs}


def _reference(picture: str | bytes) -> str:
    return picture if isinstance(picture, str) else base64.b64encode(picture).decode("ascii")


def _estimate(model: _Model, width: int, height: int, references: int) -> float:
    """Credits by the vendor's formula; a reference counts as one megapixel."""
    more = max(0.0, width * height / _MEGAPIXEL - 1.0) if model.area is None else 0.0
    return round(model.first + (more + references) * model.extra, 2)


def _cost(credits: float, basis: str) -> Cost:
    return Cost(amount=credits, unit=_UNIT, usd=round(credits * CREDIT_USD, 4), basis=basis)


def _reported(value: object) -> Cost | None:
    credits = _number(value)
    return None if credits is None or credits < 0 else _cost(credits, "reported")


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e12 and math.isfinite(value) else None


def _progress(value: object) -> float | None:
    """0..1 whether the vendor counts to 1 or to 100."""
    number = _number(value)
    if number is None or number < 0:
        return None
    return min(number if number <= 1 else number / 100, 1.0)


def _reasons(details: object) -> tuple[str, ...]:
    """`{"Moderation Reasons": [...]}`, or whatever words an Error came with."""
    if isinstance(details, Mapping):
        named = details.get("Moderation Reasons", list(details.values()))
        details = named if isinstance(named, list) else [named]
    found = details if isinstance(details, list) else [details]
    return tuple(item[:200] for item in found[:10] if isinstance(item, str) and item)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _speaks_of_key(reply: Reply) -> bool:
    return b"authenticat" in reply.body.lower()
