"""Loads a folder that describes a whole organisation: people, groups, notices and what became of them.

Everything is written set by set and dated back, and never through the services: they publish now,
and a demo needs a past. What they would have written beside it (history, keys, deliveries) is
written too.
"""
