"""Addresses of settings: one's own, staff, roles, teams, tokens, the company, the audit trail."""

from __future__ import annotations

from django.urls import path

from guanxi_crm.users.views.audit import audit_view
from guanxi_crm.users.views.own import company_view, profile_view
from guanxi_crm.users.views.roles import role_delete_view, role_view, roles_view
from guanxi_crm.users.views.sessions import session_end_view, sessions_end_others_view, sessions_view
from guanxi_crm.users.views.staff import (
    invitation_resend_view,
    invitation_withdraw_view,
    invite_view,
    person_activity_view,
    person_view,
    staff_view,
)
from guanxi_crm.users.views.teams import team_delete_view, team_rename_view, teams_view
from guanxi_crm.users.views.tokens import token_revoke_view, tokens_view

app_name = "users"
urlpatterns = [
    path("", profile_view, name="profile"),
    path("sessions/", sessions_view, name="sessions"),
    path("sessions/end-others/", sessions_end_others_view, name="sessions_end_others"),
    path("sessions/<int:session_id>/end/", session_end_view, name="session_end"),
    path("company/", company_view, name="company"),
    path("staff/", staff_view, name="staff"),
    path("staff/invite/", invite_view, name="invite"),
    path("staff/<int:staff_id>/", person_view, name="person"),
    path("staff/<int:staff_id>/active/", person_activity_view, name="person_activity"),
    path("staff/invitations/<int:invitation_id>/again/", invitation_resend_view, name="invitation_resend"),
    path("staff/invitations/<int:invitation_id>/withdraw/", invitation_withdraw_view, name="invitation_withdraw"),
    path("roles/", roles_view, name="roles"),
    path("roles/<int:role_id>/", role_view, name="role"),
    path("roles/<int:role_id>/delete/", role_delete_view, name="role_delete"),
    path("teams/", teams_view, name="teams"),
    path("teams/<int:team_id>/", team_rename_view, name="team_rename"),
    path("teams/<int:team_id>/delete/", team_delete_view, name="team_delete"),
    path("tokens/", tokens_view, name="tokens"),
    path("tokens/<int:token_id>/revoke/", token_revoke_view, name="token_revoke"),
    path("audit/", audit_view, name="audit"),
]
