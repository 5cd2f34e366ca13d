"""The picture vendors, one file each, and the list the container reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.net.client import NetClient
from app.pictures.worker import PictureWorker
from app.ports import ImageProvider
from app.providers.bfl import build as build_bfl
from app.providers.offline import build as build_offline

#: (settings, net, pictures) -> the provider, or None while its key is unset
Factory = Callable[[Any, NetClient, PictureWorker], ImageProvider | None]

#: in order of preference where IMAGE_PROVIDERS names none; offline always exists, so it is last
PROVIDERS: tuple[tuple[str, Factory], ...] = (
    ("bfl", build_bfl),
    ("offline", build_offline),
)
