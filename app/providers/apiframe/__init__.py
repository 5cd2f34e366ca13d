"""FLUX at Apiframe (api.apiframe.ai), version 2 of its API: a job per picture.

Facts: seed 004 and the OpenAPI file and source of apiframe-ai/apiframe-nodejs-sdk ("AF-OAS",
"AF-SDK"), collected in providers.md 4.
"""

from app.providers.apiframe.provider import ApiframeProvider as ApiframeProvider
from app.providers.apiframe.provider import build as build
