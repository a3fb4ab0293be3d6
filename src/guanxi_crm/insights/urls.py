"""Addresses of `insights`."""

from __future__ import annotations

from django.urls import path

from guanxi_crm.insights.views import runs, schedules, studies

app_name = "insights"
urlpatterns = [
    path("", studies.studies_page, name="list"),
    path("runs/", runs.run_start, name="run_create"),
    path("runs/<uuid:run_id>/", runs.run_page, name="run"),
    path("runs/<uuid:run_id>/cancel/", runs.run_stop, name="run_cancel"),
    path("runs/<uuid:run_id>/publish/", runs.run_make_current, name="run_publish"),
    path("runs/<uuid:run_id>/take-back/", runs.run_withdraw, name="run_take_back"),
    path("runs/<uuid:run_id>/files/<str:language>/<str:name>", runs.run_file, name="run_file"),
    path("schedule/", schedules.schedules_page, name="schedule"),
    path("schedule/<int:schedule_id>/", schedules.schedules_page, name="schedule_edit"),
    path("schedule/<int:schedule_id>/pause/", schedules.schedule_toggle, name="schedule_pause"),
    path("schedule/<int:schedule_id>/delete/", schedules.schedule_remove, name="schedule_delete"),
    path("<str:name>/", studies.study_page, name="study"),
]
