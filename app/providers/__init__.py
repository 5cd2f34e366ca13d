"""The picture vendors, one file each, and the list the container reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.net.client import NetClient
from app.pictures.worker import PictureWorker
from app.ports import ImageProvider
from app.providers.apiframe import build as build_apiframe
from app.providers.bfl import build as build_bfl
from app.providers.doitong import build as build_doitong
from app.providers.modelverse import build as build_modelverse
from app.providers.offline import build as build_offline
from app.providers.openai_images import build as build_openai_images
from app.providers.replicate import build as build_replicate
from app.providers.replicate import build_cometapi

#: (settings, net, pictures) -> the provider, or None while its key is unset
Factory = Callable[[Any, NetClient, PictureWorker], ImageProvider | None]

#: in order of preference where IMAGE_PROVIDERS names none; offline always exists, so it is last
PROVIDERS: tuple[tuple[str, Factory], ...] = (
    ("bfl", build_bfl),
    ("modelverse", build_modelverse),
    ("replicate", build_replicate),
    ("cometapi", build_cometapi),
    ("apiframe", build_apiframe),
    ("doitong", build_doitong),
    ("openai_images", build_openai_images),
    ("offline", build_offline),
)
