"""The Telegram interface of the post desk, and its programs."""
