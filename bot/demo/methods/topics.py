"""Topics of forums."""

from __future__ import annotations

from bot.demo import wire
from bot.demo.parameters import Call
from bot.demo.records import Chat, Json, Message, Service, Topic
from bot.demo.refusals import bad_request
from bot.demo.targets import chat_of, joined, open_topic
from bot.demo.world import World


def create_forum_topic(world: World, call: Call) -> Json:
    """A new topic; its id is that of the message that opens it."""
    chat = _forum(world, call)
    name = call.text("name").strip()
    if not 1 <= len(name) <= 128:
        raise bad_request("TOPIC_NAME_INVALID" if name else "TOPIC_TITLE_EMPTY")
    return wire.topic(open_new(world, chat, name, by=world.bot.id))


def open_new(world: World, chat: Chat, name: str, *, by: int) -> Topic:
    """Opens a topic on behalf of somebody."""
    topic = Topic(thread_id=chat.last_message_id + 1, name=name)
    chat.topics[topic.thread_id] = topic
    payload = {"forum_topic_created": {"name": name, "icon_color": topic.icon_color}}
    service = Service(sentence=f"Topic «{name}» was created", payload=payload)
    message = _note(world, chat, topic, service, by=by)
    if by != world.bot.id:
        world.updates.add("message", wire.message(world, message))
    return topic


def _note(world: World, chat: Chat, topic: Topic, service: Service, *, by: int) -> Message:
    return world.post(
        chat,
        author_id=by,
        sender=world.users[by],
        thread_id=topic.thread_id,
        service=service,
    )


def close_forum_topic(world: World, call: Call) -> bool:
    """Nobody but administrators may write there any more."""
    chat = _forum(world, call)
    topic = open_topic(chat, call.number("message_thread_id") or 0)
    if topic.closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.closed = True
    service = Service(sentence="The topic was closed", payload={"forum_topic_closed": {}})
    _note(world, chat, topic, service, by=world.bot.id)
    return True


def delete_forum_topic(world: World, call: Call) -> bool:
    """The topic and all its messages go."""
    chat = _forum(world, call)
    drop(world, chat, open_topic(chat, call.number("message_thread_id") or 0).thread_id)
    return True


def drop(world: World, chat: Chat, thread_id: int) -> None:
    """Deletes a topic with its messages."""
    del chat.topics[thread_id]
    for message in [m for m in chat.messages.values() if m.thread_id == thread_id]:
        world.remove(message)


def _forum(world: World, call: Call) -> Chat:
    chat = joined(world, chat_of(world, call))
    if not chat.is_forum:
        raise bad_request("the chat is not a forum")
    if not chat.member(world.bot.id).may("can_manage_topics"):
        raise bad_request("not enough rights to create a topic")
    return chat


METHODS = {
    "createForumTopic": create_forum_topic,
    "closeForumTopic": close_forum_topic,
    "deleteForumTopic": delete_forum_topic,
}
