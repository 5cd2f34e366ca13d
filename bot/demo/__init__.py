"""A local Telegram: the Bot API for a bot, and `/sim` with a chat page for people.

It is for demos and tests. It listens on loopback only and imports nothing else of ours.
"""
