"""Every address of the CRM."""

from __future__ import annotations

from django.urls import include, path

from guanxi_crm.site.api.entry import api

urlpatterns = [
    path("", include("guanxi_crm.site.site_urls")),
    path("api/v1/", api.urls),
    path("", include("guanxi_crm.core.urls")),
    path("account/", include("guanxi_crm.users.urls")),
    path("settings/", include("guanxi_crm.users.staff_urls")),
    path("customers/", include("guanxi_crm.customers.urls")),
    path("sales/", include("guanxi_crm.sales.urls")),
    path("data/", include("guanxi_crm.sources.urls")),
    path("studies/", include("guanxi_crm.insights.urls")),
]

handler400 = "guanxi_crm.core.views.bad_request"
handler403 = "guanxi_crm.core.views.forbidden"
handler404 = "guanxi_crm.core.views.not_found"
handler500 = "guanxi_crm.core.views.server_error"
