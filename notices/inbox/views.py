from django.http import HttpResponse


def index(request):
    return HttpResponse("inbox")


def notice(request, notice_id):
    return HttpResponse("notice")
