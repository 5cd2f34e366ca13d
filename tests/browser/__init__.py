"""The chat page in a real browser, against the local Telegram."""
