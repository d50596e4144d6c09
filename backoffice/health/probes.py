"""The addresses that supervisors and load balancers ask: `/healthz`, `/readyz`; and `/metrics`.

They are answered before anything else looks at the request: a probe knows no host name of ours, speaks plain http behind
the proxy, and brings no session. What the first two say is safe to be read by anybody: names of checks, and whether each is well.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse

from backoffice.health.metrics import metrics
from backoffice.health.ready import OK, prober

type View = Callable[[HttpRequest], HttpResponse]
UNAVAILABLE = 503


def healthz(request: HttpRequest) -> HttpResponse:
    """The process lives and takes requests. Nothing else is asked, or a database that is away would have every process restarted."""
    return JsonResponse({"status": OK})


def readyz(request: HttpRequest) -> HttpResponse:
    """`?exclude=broker` leaves a check out: without the broker, everything but the speed of mails still works."""
    left_out = set(request.GET.getlist("exclude"))
    answers = {name: answer for name, answer in prober.ask().answers.items() if name not in left_out}
    is_ready = all(answer == OK for answer in answers.values())
    response = JsonResponse({"status": OK if is_ready else "not ready", "checks": answers}, status=200 if is_ready else UNAVAILABLE)
    response._has_been_logged = True  # the prober logs a change once, Django would each answer
    return response


PROBES: dict[str, View] = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}


def answer_probes(get_response: View) -> View:
    def middleware(request: HttpRequest) -> HttpResponse:
        view = PROBES.get(request.path_info)
        if view is None:
            return get_response(request)
        response = view(request) if request.method in {"GET", "HEAD"} else HttpResponseNotAllowed(["GET", "HEAD"])
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return middleware
