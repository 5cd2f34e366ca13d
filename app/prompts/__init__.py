"""From a topic to an English image prompt, a caption, hashtags and a picture description."""

from __future__ import annotations

from app.prompts.cleaning import TopicEmpty
from app.prompts.glossary import English, to_english
from app.prompts.render import (
    Composition,
    Title,
    compose,
    templates,
    themes,
    without_theme_tags,
)
from app.prompts.templates import Library, Template, TemplateBroken, load_library
from app.prompts.themes import TemplateUnknown, ThemeUnknown

__all__ = [
    "Composition",
    "English",
    "Library",
    "Template",
    "TemplateBroken",
    "TemplateUnknown",
    "ThemeUnknown",
    "Title",
    "TopicEmpty",
    "compose",
    "load_library",
    "templates",
    "themes",
    "to_english",
    "without_theme_tags",
]
