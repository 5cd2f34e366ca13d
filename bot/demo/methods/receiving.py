"""How the bot learns what happens: getMe, getUpdates and webhooks."""

from __future__ import annotations

import re

from bot.demo import wire
from bot.demo.parameters import Call
from bot.demo.records import Json
from bot.demo.refusals import bad_request
from bot.demo.webhook import Hook
from bot.demo.world import World

LONGEST_POLL = 50
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


def get_me(world: World, _call: Call) -> Json:
    """The bot itself."""
    return {
        **wire.user(world.bot),
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
        "can_manage_bots": False,
        "supports_join_request_queries": False,
        "supports_guest_queries": False,
    }


async def get_updates(world: World, call: Call) -> list[Json]:
    """Waits for updates; `offset` acknowledges all before it."""
    if call.values.get("allowed_updates") is not None:
        world.updates.remember_allowed(str(kind) for kind in call.rows("allowed_updates"))
    return await world.updates.poll(
        offset=call.number("offset") or 0,
        limit=call.number("limit") or 0,
        seconds=min(call.number("timeout") or 0, LONGEST_POLL),
    )


def set_webhook(world: World, call: Call) -> bool:
    """Starts delivery by POST; an empty URL ends it."""
    url = call.text("url")
    if not url:
        return delete_webhook(world, call)
    secret = call.text("secret_token")
    if secret and not SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    if call.values.get("allowed_updates") is not None:
        world.updates.remember_allowed(str(kind) for kind in call.rows("allowed_updates"))
    if call.flag("drop_pending_updates"):
        world.updates.clear()
    most = call.number("max_connections") or 40
    world.webhook.set(Hook(url=url, secret=secret, max_connections=most))
    return True


def delete_webhook(world: World, call: Call) -> bool:
    """Back to polling."""
    world.webhook.remove()
    if call.flag("drop_pending_updates"):
        world.updates.clear()
    return True


def get_webhook_info(world: World, _call: Call) -> Json:
    """Where updates go and how the last delivery went."""
    hook = world.webhook.hook
    info: Json = {
        "url": hook.url,
        "has_custom_certificate": False,
        "pending_update_count": world.updates.pending(),
    }
    if hook.url:
        info["max_connections"] = hook.max_connections
    if hook.error:
        info |= {"last_error_date": hook.error_date, "last_error_message": hook.error}
    if world.updates.allowed:
        info["allowed_updates"] = sorted(world.updates.allowed)
    return info


METHODS = {
    "getMe": get_me,
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
}
