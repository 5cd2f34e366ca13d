"""A request turned into Doitong's order, in the three ways its page shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from app.errors import ImageInvalid
from app.orders import Cost, ImageRequest, Quote
from app.pictures.sizes import paintable

NAME = "doitong"
UNIT = "doitong_credit"
#: `generate` is canonical: the portal says that every kind of content uses this one method
Dialect = Literal["generate", "generateImage", "rest"]

#: [?] seed 001: "up to 2K" and "2048x2048 and more"; the price list begins at 512
STEP, MIN_SIDE, MAX_SIDE = 32, 512, 2048
#: [?]
PROMPT_MAX = 32_000
#: the page's examples end in .jpg, and no field asks for another format
FORMATS = ("jpeg",)
#: 10 to 20 credits up to 1024 x 1024, 30 to 50 from 2048 on (seed 001): only the reply's
#: `creditCost` says which
UNPRICED = Cost(amount=None, unit=UNIT, usd=None, basis="unknown")
_SERVICE = "flux-pro"
#: our model -> the vendor's `version`
_VERSIONS: Mapping[str, str | None] = {"flux-pro": None, "flux-pro-1.1": "flux-pro-1.1"}

_GENERATE = (
    "mutation Generate($input: GenerateInput!) { generate(input: $input) "
    "{ id status type provider url metadata creditCost } }"
)
_GENERATE_IMAGE = (
    "mutation GenerateImage($input: ImageGenerationInput!) { generateImage(input: $input) "
    "{ id url width height } }"
)
#: [?] the page calls checkJobStatus(jobId) and never defines it
STATUS_QUERY = "query($id: ID!){ generation(id:$id){ id status url metadata creditCost } }"


def check_model(model: str) -> None:
    """`ImageInvalid` with the names there are for an unknown one."""
    if model not in _VERSIONS:
        known = ", ".join(_VERSIONS)
        raise ImageInvalid(f"Doitong has no model {model!r}; it has {known}", provider=NAME)


def quote(request: ImageRequest) -> Quote:
    """The size to be painted, at a price told later; or `ImageInvalid`."""
    _refuse_unusable(request)
    size = paintable(
        request.width,
        request.height,
        step=STEP,
        min_side=MIN_SIDE,
        max_side=MAX_SIDE,
        max_pixels=MAX_SIDE * MAX_SIDE,
    )
    if size is None:
        asked = f"{request.width} x {request.height}"
        raise ImageInvalid(f"{asked} is outside of Doitong's {MAX_SIDE} a side", provider=NAME)
    return Quote(width=size[0], height=size[1], cost=UNPRICED, warnings=_warnings(request))


def _refuse_unusable(request: ImageRequest) -> None:
    problems = (
        (not request.prompt.strip(), "the prompt is empty"),
        (len(request.prompt) > PROMPT_MAX, f"the prompt is over {PROMPT_MAX} characters"),
        (
            request.output_format not in ("png", "jpeg", "webp"),
            "the format is none of png, jpeg, webp",
        ),
        (bool(request.references), "Doitong takes no reference pictures"),
    )
    for wrong, sentence in problems:
        if wrong:
            raise ImageInvalid(sentence, provider=NAME)


def _warnings(request: ImageRequest) -> tuple[str, ...]:
    named = (
        (request.output_format not in FORMATS, f"converted to {request.output_format}"),
        (request.seed is not None, "Doitong takes no seed"),
        (request.safety_tolerance is not None, "Doitong has no safety tolerance"),
        (request.prompt_upsampling is not None, "Doitong has no prompt upsampling"),
    )
    return tuple(sentence for wrong, sentence in named if wrong)


def order(
    dialect: Dialect, request: ImageRequest, *, model: str, quoted: Quote, webhook_url: str | None
) -> dict[str, Any]:
    """The body of the order: a GraphQL request, or the plain fields of the REST door."""
    if dialect == "generate":
        return {"query": _GENERATE, "variables": {"input": _generate(request, model, quoted)}}
    fields: dict[str, Any] = {
        "service": _SERVICE,
        "prompt": request.prompt,
        "width": quoted.width,
        "height": quoted.height,
    }
    if _VERSIONS[model] is not None:
        fields["version"] = _VERSIONS[model]
    if webhook_url is not None:
        fields["webhookUrl"] = webhook_url
    if dialect == "rest":
        return fields
    return {"query": _GENERATE_IMAGE, "variables": {"input": fields}}


def _generate(request: ImageRequest, model: str, quoted: Quote) -> dict[str, Any]:
    """The main example's input; where a webhook would stand in it is not told."""
    options: dict[str, Any] = {"width": quoted.width, "height": quoted.height}
    if _VERSIONS[model] is not None:
        options["version"] = _VERSIONS[model]
    return {
        "type": "IMAGE",
        "provider": _SERVICE,
        "input": {"text": request.prompt},
        "options": options,
    }
