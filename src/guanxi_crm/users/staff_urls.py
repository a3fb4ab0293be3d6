"""Addresses of settings: one's own, staff, roles, teams, tokens, the company, the audit trail."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "users"
urlpatterns: list[URLPattern] = []
