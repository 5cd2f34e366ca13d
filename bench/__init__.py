"""Figures of the running bot, as ratios to a named ideal and a named peer in the same run."""
