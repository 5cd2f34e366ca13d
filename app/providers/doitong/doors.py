"""Doitong's two doors: GraphQL, which takes the key as a bearer, and REST, which has a header."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote as escaped

from app.errors import ImageError, ImageModerated, ImageRateLimited
from app.net.client import Reply
from app.net.keyed import KeyedApi, order_name
from app.orders import ImageRequest
from app.providers.doitong.orders import NAME, Dialect, order, quote
from app.providers.doitong.refusals import Problem, pause_until_reset


@dataclass(frozen=True, kw_only=True, slots=True)
class Doors:
    """Where orders and questions go. The key goes to `base` only."""

    api: KeyedApi
    base: str
    #: a GraphQL query for `$id`, or a path with `{id}`
    status_query: str
    webhook_url: str | None

    @property
    def asks_by_path(self) -> bool:
        """Whether jobs are asked for at the REST door."""
        return self.status_query.startswith("/")

    async def order(
        self, dialect: Dialect, request: ImageRequest, *, model: str, key: str
    ) -> Reply:
        """POST the order in that dialect, with an Idempotency-Key of its own for each."""
        body = order(
            dialect,
            request,
            model=model,
            quoted=quote(request),
            webhook_url=self.webhook_url,
        )
        name = {"Idempotency-Key": order_name(key, request, model, dialect)}
        if dialect == "rest":
            url, headers = f"{self.base}/v1/text_to_image", self._rest_key()
        else:
            url, headers = f"{self.base}/graphql", self._bearer()
        return await self.api.order(url, headers=headers | name, body=body)

    async def ask(self, job_id: str) -> Reply:
        """Ask how far a job is."""
        if self.asks_by_path:
            path = self.status_query.replace("{id}", escaped(job_id, safe=""))
            return await self.api.ask("GET", f"{self.base}{path}", headers=self._rest_key())
        body = {"query": self.status_query, "variables": {"id": job_id}}
        url = f"{self.base}/graphql"
        return await self.api.ask("POST", url, headers=self._bearer(), body=body)

    def refusal(
        self, reply: Reply, *, ordering: bool, words: str = "", status: int | None = None
    ) -> ImageError:
        """The error for a reply that is no success, with the pause its headers ask for."""
        error = self.api.refusal(reply, ordering=ordering, words=words, status=status)
        if isinstance(error, ImageRateLimited) and error.retry_after is None:
            error.retry_after = pause_until_reset(reply.headers)
        return error

    def problem(self, reply: Reply, problem: Problem, *, ordering: bool) -> ImageError:
        """The error for GraphQL errors; their own code counts more than the HTTP status."""
        status = problem.status or (reply.status if reply.status >= 400 else 500)
        error = self.refusal(reply, ordering=ordering, words=problem.words, status=status)
        if not problem.moderated:
            return error
        return ImageModerated(
            provider=NAME, raw=error.raw, http_status=reply.status, request_id=error.request_id
        )

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api.key.get_secret_value()}"}

    def _rest_key(self) -> dict[str, str]:
        return {"X-API-Key": self.api.key.get_secret_value()}
