"""A local Telegram: the Bot API for a bot, and `/sim` with a chat page for people.

`world.create_world()` makes one, `server.serve(world)` runs it in the current asyncio loop.
It is for demos and tests, listens on loopback only and imports nothing else of ours.
"""
