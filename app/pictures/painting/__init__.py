"""Draws technology scenes with Pillow: what the desk shows while no vendor's key is set."""

from app.pictures.painting.picture import paint as paint
