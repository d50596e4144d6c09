"""Signals of our mixins. Django sends no `pre_delete` for a soft deletion, so there are two of ours."""

from django.dispatch import Signal

pre_soft_delete = Signal()  # instance; a receiver that raises refuses the deletion
post_soft_delete = Signal()  # instance
