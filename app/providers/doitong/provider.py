"""The provider itself: one order in the vendor's dialect, polls by a query one may configure."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol

import httpx
from pydantic import SecretStr

from app.errors import (
    ImageError,
    ImageInvalid,
    ImageModerated,
    ImageProtocol,
    ImageSubmitUnknown,
)
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
)
from app.net.refusals import request_id
from app.orders import ImageRequest, JobHandle, JobState, JobStatus, Quote
from app.ports import Balance, Capabilities
from app.providers.doitong.doors import Doors
from app.providers.doitong.orders import (
    FORMATS,
    MAX_SIDE,
    MIN_SIDE,
    NAME,
    PROMPT_MAX,
    STATUS_QUERY,
    STEP,
    Dialect,
    check_model,
    quote,
)
from app.providers.doitong.refusals import Problem, problem_in
from app.providers.doitong.replies import (
    STATES,
    is_over,
    ordered_job,
    plain_job,
    polled,
    reported,
    status_of,
)

VENDOR_URL = "https://api.doitong.com"
#: between polls while only a change of settings can help
_CONFIGURE_PAUSE = timedelta(seconds=30)

_NOT_FOUND = JobStatus(state=JobState.NOT_FOUND, raw_status="not found")

_log = logging.getLogger(__name__)


class DoitongSettings(Protocol):
    """The settings this provider reads."""

    @property
    def doitong_api_key(self) -> SecretStr | None:
        """DOITONG_API_KEY."""

    @property
    def doitong_base_url(self) -> str:
        """DOITONG_BASE_URL."""

    @property
    def doitong_dialect(self) -> Dialect:
        """DOITONG_DIALECT."""

    @property
    def doitong_status_query(self) -> str | None:
        """DOITONG_STATUS_QUERY."""


def build(settings: DoitongSettings, net: NetClient, _pictures: object) -> DoitongProvider | None:
    """The provider, or None while DOITONG_API_KEY is unset."""
    if settings.doitong_api_key is None:
        return None
    return DoitongProvider(
        net,
        key=settings.doitong_api_key,
        base_url=settings.doitong_base_url,
        dialect=settings.doitong_dialect,
        status_query=settings.doitong_status_query,
    )


class DoitongProvider:
    """FLUX through Doitong. The key goes to the configured host only."""

    name = NAME
    default_model = "flux-pro"

    def __init__(
        self,
        net: NetClient,
        *,
        key: SecretStr,
        base_url: str = VENDOR_URL,
        dialect: Dialect = "generate",
        status_query: str | None = None,
        webhook_url: str | None = None,
        webhook_secret: SecretStr | None = None,
        submit_seconds: float = 30.0,
        ask_seconds: float = 30.0,
    ) -> None:
        """`status_query` asks for a job by `$id`, or is a path with `{id}` for a GET.

        `submit_seconds` bounds one order, which is sent again once when its answer is lost;
        `ask_seconds` bounds one poll.
        """
        base = base_url.rstrip("/")
        self._api = KeyedApi(
            net=net,
            provider=NAME,
            key=key,
            order_seconds=submit_seconds,
            ask_seconds=ask_seconds,
        )
        self._doors = Doors(
            api=self._api,
            base=base,
            status_query=status_query or STATUS_QUERY,
            webhook_url=webhook_url if webhook_secret is not None else None,
        )
        self._dialect: Dialect = dialect
        self._webhook_secret = webhook_secret
        own = httpx.URL(base).netloc.decode("ascii")
        self.trusted_hosts = frozenset(() if base == VENDOR_URL else {own})
        self._odd = OddStatuses(NAME, STATES)

    def capabilities(self, model: str) -> Capabilities:
        """What `model` can do here; `ImageInvalid` for an unknown one."""
        check_model(model)
        return Capabilities(
            sync=False,
            cancel=False,
            webhook=self._webhook_secret is not None,
            credits=False,
            idempotent=True,
            reports_cost=True,
            references_max=0,
            size_step=STEP,
            min_side=MIN_SIDE,
            max_side=MAX_SIDE,
            max_pixels=MAX_SIDE * MAX_SIDE,
            formats=FORMATS,
            prompt_max=PROMPT_MAX,
            concurrency=1,
            poll_floor=2.0,
            result_minutes=None,
        )

    def validate(self, request: ImageRequest) -> Quote:
        """The size to be painted, at a price told later; or `ImageInvalid`."""
        check_model(request.model or self.default_model)
        return quote(request)

    async def submit(self, request: ImageRequest, *, key: str) -> JobHandle | JobStatus:
        """Order the picture; at once its end, should the answer already bring it.

        An order whose answer was lost is sent once more under the same Idempotency-Key, which
        keeps it from being billed twice (the vendor's developer portal).
        """
        self.validate(request)
        try:
            return await self._order(request, key)
        except ImageSubmitUnknown as lost:
            try:
                return await self._order(request, key)
            except ImageError as error:
                raise lost from error

    async def poll(self, handle: JobHandle) -> JobStatus:
        """Ask once, by the configured query."""
        reply = await self._doors.ask(handle.job_id)
        answer = json_of(reply)
        problem = problem_in(answer)
        if problem is not None:
            return self._polled_problem(handle, reply, problem)
        if reply.status in (404, 405) and self._doors.asks_by_path:
            if not isinstance(answer, Mapping):
                raise _unconfigured(handle, f"HTTP {reply.status}")
            return _NOT_FOUND
        if reply.status not in ACCEPTED:
            raise _asked_wrongly(handle, self._doors.refusal(reply, ordering=False))
        data = self._api.object(reply, ordering=False)
        job = plain_job(data)
        if job is not None:
            self._odd.note(str(job.get("status") or "")[:100])
            return polled(handle, job)
        if isinstance(data.get("data"), Mapping):
            return _NOT_FOUND
        raise self._api.protocol("the poll was answered without a job", reply)

    async def cancel(self, handle: JobHandle) -> bool:
        """No call for it is documented."""
        return False

    async def credits(self) -> Balance | None:
        """No call for it is documented."""
        return None

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """The job's id when `X-Doitong-Signature` is right; None also while no secret is set.

        Where the vendor's secret comes from is not told, and no time is signed: what a webhook
        says is asked for again.
        """
        if self._webhook_secret is None:
            return None
        secret = self._webhook_secret.get_secret_value().encode()
        if not is_signed(header(headers, "x-doitong-signature"), body, secret):
            return None
        return json_field(body, "id")

    async def _order(self, request: ImageRequest, key: str) -> JobHandle | JobStatus:
        dialect, model = self._dialect, request.model or self.default_model
        reply = await self._doors.order(dialect, request, model=model, key=key)
        answer = json_of(reply)
        problem = problem_in(answer)
        if problem is not None and dialect == "generate" and problem.names_generate:
            _log.warning("doitong has no `generate`: set DOITONG_DIALECT=generateImage")
            self._dialect = "generateImage"
            return await self._order(request, key)
        if problem is None and reply.status not in ACCEPTED:
            raise self._doors.refusal(reply, ordering=True)
        find = plain_job if dialect == "rest" else ordered_job
        job = find(answer) if isinstance(answer, Mapping) else None
        # Errors go first; only one that says nothing definite yields to a job that was made.
        if problem is not None and (problem.is_definite or not job or not job.get("id")):
            raise self._doors.problem(reply, problem, ordering=True)
        if not job:
            raise self._api.protocol("the order was answered without a job", reply)
        return self._placed(model, job, reply)

    def _placed(self, model: str, job: Mapping[str, Any], reply: Reply) -> JobHandle | JobStatus:
        if is_over(job):
            return status_of(job, cost=None)
        job_id = job_id_of(job.get("id"))
        if job_id is None:
            raise self._api.protocol("the order was answered without a job id", reply)
        return JobHandle(
            provider=NAME,
            model=model,
            job_id=job_id,
            cost=reported(job),
            request_id=request_id(reply.headers),
        )

    def _polled_problem(self, handle: JobHandle, reply: Reply, problem: Problem) -> JobStatus:
        if problem.status == 404:
            return _NOT_FOUND
        error = self._doors.problem(reply, problem, ordering=False)
        if isinstance(error, ImageModerated):
            state = JobState.MODERATED_OUTPUT
            return JobStatus(state=state, raw_status=error.raw, reasons=(error.raw,))
        raise _asked_wrongly(handle, error)


def _asked_wrongly(handle: JobHandle, error: ImageError) -> ImageError:
    """What is invalid about a mere question is its query."""
    return _unconfigured(handle, error.raw) if isinstance(error, ImageInvalid) else error


def _unconfigured(handle: JobHandle, said: str) -> ImageProtocol:
    """How a job is asked for is documented nowhere: no job is given up for that."""
    sentence = (
        f"Doitong does not understand how job {handle.job_id} is asked for: set "
        f"DOITONG_STATUS_QUERY to the vendor's own query (it said: {said})"
    )
    _log.warning("%s", sentence)
    return ImageProtocol(sentence, provider=NAME, raw=sentence, retry_after=_CONFIGURE_PAUSE)
