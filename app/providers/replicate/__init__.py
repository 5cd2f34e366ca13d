"""FLUX on Replicate, directly or through CometAPI: one adapter, two places with a key each.

Facts: seed 003, replicate.com/docs and its models' schema pages ("REP-docs"), apidoc.cometapi.com
("COMET-docs"), collected in providers.md 3.
"""

from app.providers.replicate.provider import COMETAPI as COMETAPI
from app.providers.replicate.provider import REPLICATE as REPLICATE
from app.providers.replicate.provider import ReplicateProvider as ReplicateProvider
from app.providers.replicate.provider import build as build
from app.providers.replicate.provider import build_cometapi as build_cometapi
