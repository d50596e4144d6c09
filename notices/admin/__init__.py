from notices.admin import categories, notices, trash

__all__ = ["categories", "notices", "trash"]  # importing them registers them
