"""The event log as server-sent events."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection

from starlette.requests import Request
from starlette.responses import StreamingResponse

from bot.demo.log import Event, EventLog


def stream(log: EventLog, request: Request) -> StreamingResponse:
    """New events as they come, after those that the client missed."""
    query = request.query_params
    last = request.headers.get("last-event-id") or query.get("last_event_id", "")
    kinds = {kind for kind in query.get("kinds", "").split(",") if kind}
    after = int(last) if last.isdigit() else log.last_id
    return StreamingResponse(
        _lines(log, after, kinds),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store"},
    )


async def _lines(log: EventLog, after: int, kinds: Collection[str]) -> AsyncIterator[str]:
    with log.listening() as queue:
        yield ": connected\n\n"
        for event in log.after(after, kinds):
            after = event.id
            yield _written(event)
        while event_or_end := await queue.get():
            if event_or_end.id > after and (not kinds or event_or_end.kind in kinds):
                yield _written(event_or_end)


def _written(event: Event) -> str:
    data = json.dumps(event.data, ensure_ascii=False, separators=(",", ":"))
    return f"id: {event.id}\nevent: {event.kind}\ndata: {data}\n\n"
