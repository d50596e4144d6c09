"""What the *Today* page shows."""


def today(request, context):
    return context
