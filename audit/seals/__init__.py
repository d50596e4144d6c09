"""Seals over the trail: what is written is digested in blocks, chained, signed, and told to the world outside."""
