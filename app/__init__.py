"""The domain of the post desk: drafts, pictures, posts. It never imports Telegram."""
