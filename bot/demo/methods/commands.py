"""The bot's command menus, names and descriptions, by scope and language."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.demo.parameters import Call, whole
from bot.demo.profile import Key
from bot.demo.records import Json
from bot.demo.refusals import bad_request
from bot.demo.world import World

COMMAND = re.compile(r"[a-z0-9_]{1,32}")
SCOPES = {
    "default", "all_private_chats", "all_group_chats", "all_chat_administrators", "chat",
    "chat_administrators", "chat_member",
}  # fmt: skip
LIMITS = {"name": 64, "short_description": 120, "description": 512}


def set_my_commands(world: World, call: Call) -> bool:
    """Replaces the menu of one scope and language."""
    commands = [_command(item) for item in call.objects("commands")]
    if len(commands) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    world.profile.commands[_key(world, call)] = commands
    publish_commands(world)
    return True


def get_my_commands(world: World, call: Call) -> list[Json]:
    """The menu of exactly that scope and language."""
    return world.profile.commands.get(_key(world, call), [])


def delete_my_commands(world: World, call: Call) -> bool:
    """Forgets the menu of one scope and language."""
    world.profile.commands.pop(_key(world, call), None)
    publish_commands(world)
    return True


def commands_of_person(world: World) -> list[Json]:
    """The menu that the page's person sees in the private chat."""
    person = world.person
    return world.profile.commands_in_private(person.id, person.language_code or "")


def publish_commands(world: World) -> None:
    """Shows people the menu again."""
    world.publish("commands", {"commands": commands_of_person(world)})


def _command(item: Json) -> Json:
    command = str(item.get("command", "")).removeprefix("/")
    description = str(item.get("description", ""))
    if not COMMAND.fullmatch(command):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": command, "description": description}


def _key(world: World, call: Call) -> Key:
    scope = call.object("scope") or {"type": "default"}
    if str(scope.get("type")) not in SCOPES:
        raise bad_request("can't parse BotCommandScope: unsupported type specified")
    chat_id, user_id = scope.get("chat_id", ""), scope.get("user_id", "")
    if (
        chat_id
        and not str(chat_id).startswith("@")
        and whole(chat_id, "chat_id") not in world.chats
    ):
        raise bad_request("chat not found")
    where = f":{chat_id}:{user_id}" if chat_id else "::"
    return f"{scope['type']}{where}", call.text("language_code")


def _setter(name: str) -> Callable[[World, Call], bool]:
    def set_text(world: World, call: Call) -> bool:
        text = call.text(name)
        if len(text) > LIMITS[name]:
            raise bad_request(f"bot {name.replace('_', ' ')} is too long")
        world.profile.texts[name, call.text("language_code")] = text
        return True

    return set_text


def _getter(name: str) -> Callable[[World, Call], Json]:
    def get_text(world: World, call: Call) -> Json:
        text = world.profile.text(name, call.text("language_code"))
        return {name: text or (world.bot.first_name if name == "name" else "")}

    return get_text


def set_chat_menu_button(world: World, call: Call) -> bool:
    """What stands beside the message box."""
    world.profile.menu_button = call.object("menu_button") or {"type": "commands"}
    return True


def get_chat_menu_button(world: World, _call: Call) -> Json:
    """What set_chat_menu_button set last."""
    return world.profile.menu_button


METHODS = {
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyName": _setter("name"),
    "getMyName": _getter("name"),
    "setMyDescription": _setter("description"),
    "getMyDescription": _getter("description"),
    "setMyShortDescription": _setter("short_description"),
    "getMyShortDescription": _getter("short_description"),
    "setChatMenuButton": set_chat_menu_button,
    "getChatMenuButton": get_chat_menu_button,
}
