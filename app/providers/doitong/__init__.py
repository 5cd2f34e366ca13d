"""FLUX at Doitong (api.doitong.com): GraphQL in two dialects and a REST door, a job per picture.

Facts: seed 001, the vendor's only page about it, which contradicts itself; providers.md 5 says
which reading is taken. "[?]" marks what no source tells.
"""

from app.providers.doitong.provider import DoitongProvider as DoitongProvider
from app.providers.doitong.provider import build as build
