"""Addresses of `site`."""

from __future__ import annotations

from django.urls import path

from guanxi_crm.site.api.docs import api_docs
from guanxi_crm.site.customer_page import customer, customer_timeline
from guanxi_crm.site.views.home import home
from guanxi_crm.site.views.preferences import preferences
from guanxi_crm.site.views.search import search

app_name = "site"
urlpatterns = [
    path("customers/<int:customer_id>/", customer, name="customer"),
    path("customers/<int:customer_id>/timeline/", customer_timeline, name="customer_timeline"),
    path("", home, name="home"),
    path("search/", search, name="search"),
    path("api/v1/docs", api_docs, name="api_docs"),
    path("preferences/", preferences, name="preferences"),
]
