"""Views that refuse in every way, for the tests beside."""

from django.urls import include, path

from maru.platform.access import pages, refusals
from maru.platform.access.roles import signed_in_page, staff_page
from maru.platform.ui.urls import urlpatterns as ui_urls


def refuse(request, kind):
    request.POST.get("text")
    if kind == "fault":
        raise RuntimeError("a secret of the house")
    if kind == "invalid":
        raise refusals.Invalid("text", "Please write something.")
    if kind == "many":
        raise refusals.TooMany(retry_after=17)
    refusal = getattr(refusals, kind)
    raise refusal


@staff_page("producer")
def studio(request):
    from django.http import HttpResponse

    return HttpResponse("studio")


@signed_in_page
def own(request):
    from django.http import HttpResponse

    return HttpResponse("own")


urlpatterns = [
    path("refuse/<str:kind>/", refuse),
    path("api/v1/refuse/<str:kind>/", refuse),
    path("studio/", studio),
    path("own/", own),
    path("accounts/", include("maru.commons.people.urls_accounts")),
    path("accounts/", include("allauth.urls")),
    path("voices/mine/", own, name="my_voices"),
    *ui_urls,
]
handler400 = pages.bad_request
handler403 = pages.forbidden
handler404 = pages.not_found
handler500 = pages.fault
