"""FLUX behind any OpenAI-compatible server, one's own included: POST /v1/images/generations.

Facts: vLLM-Omni's docs/serving/image_generation_api.md, SGLang-diffusion, DeepInfra's and
ModelVerse's pages, collected in providers.md 6.
"""

from app.providers.openai_images.provider import OpenAiImagesProvider as OpenAiImagesProvider
from app.providers.openai_images.provider import build as build
