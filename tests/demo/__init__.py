"""The local Telegram: strictness, updates, files, faults, and real clients against it."""
