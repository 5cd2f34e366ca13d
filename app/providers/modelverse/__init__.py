"""FLUX at ModelVerse (UCloud): one open POST per picture, which comes back inside the answer.

Facts: seed 002, and the vendor's pages in UCloudDoc-Team/modelverse ("MV-docs"), collected in
providers.md 2.
"""

from app.providers.modelverse.provider import ModelVerseProvider as ModelVerseProvider
from app.providers.modelverse.provider import build as build
