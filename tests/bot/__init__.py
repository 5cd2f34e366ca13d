"""Tests of the chat interface: the real application over real HTTP against a local Telegram."""
