"""Black Forest Labs' own API (api.bfl.ai): FLUX.2 and FLUX.1, a job per picture.

Facts are from the vendor's openapi.json and docs.bfl.ai, collected in providers.md 1.
"""

from app.providers.bfl.provider import BflProvider as BflProvider
from app.providers.bfl.provider import build as build
