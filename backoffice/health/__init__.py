"""Is it well? Checks that each app registers, and the surfaces that carry them out: `/healthz`, `/readyz`, `manage.py doctor`, Today."""

from backoffice.health.findings import Finding, Group, Level
from backoffice.health.registry import check

__all__ = ["Finding", "Group", "Level", "check"]
