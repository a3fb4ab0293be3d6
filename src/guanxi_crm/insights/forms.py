"""What people fill in: options of a run, and of a schedule."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms

from guanxi_crm.core.language import told
from guanxi_crm.core.models import Schedule
from guanxi_crm.insights.studies import HORIZON_DAYS, HORIZON_LIMITS, STUDIES

__all__ = ["RunForm", "ScheduleForm"]


class _Options(forms.Form):
    """What a run and a schedule have in common."""

    def __init__(self, *args: Any, may_publish: bool, **named: Any) -> None:
        super().__init__(*args, **named)
        least, most = HORIZON_LIMITS
        self.fields["studies"] = forms.MultipleChoiceField(
            label=told("crm_insights.field_studies"),
            choices=[(name, told(f"crm_insights.study_{name}")) for name in STUDIES],
            initial=list(STUDIES),
            widget=forms.CheckboxSelectMultiple,
            error_messages={
                "required": told("crm_insights.which_studies"),
                "invalid_choice": told("crm_insights.which_studies"),
            },
        )
        limits = told("crm_insights.horizon_limits", least=least, most=most)
        self.fields["horizon_days"] = forms.IntegerField(
            label=told("crm_insights.field_horizon_days"),
            help_text=told("crm_insights.horizon_help"),
            initial=HORIZON_DAYS,
            min_value=least,
            max_value=most,
            error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), limits),
        )
        if may_publish:
            self.fields["publish"] = forms.BooleanField(
                label=told("crm_insights.publish_too"), help_text=told("crm_insights.publish_help"), initial=True,
                required=False,
            )  # fmt: skip

    def options(self) -> dict[str, Any]:
        """As the services take them."""
        return {"publish": False, **self.cleaned_data}


class RunForm(_Options):
    """Options of a run."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["as_of"] = forms.DateField(
            label=told("crm_insights.field_as_of"),
            help_text=told("crm_insights.as_of_help"),
            required=False,
            widget=forms.DateInput(attrs={"type": "date"}),
            error_messages={"invalid": told("crm_insights.bad_date")},
        )
        self.order_fields(["studies", "as_of", "horizon_days", "publish"])

    @classmethod
    def as_usual(cls, *, may_publish: bool) -> RunForm:
        """Sent in as it stands when nobody has touched it."""
        fields = cls(may_publish=may_publish).fields
        return cls({name: field.initial for name, field in fields.items()}, may_publish=may_publish)


class ScheduleForm(_Options):
    """Options of a schedule."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["every"] = forms.ChoiceField(
            label=told("crm_insights.every"),
            choices=[(each, told(f"crm_insights.every_{each}")) for each in ("day", "week", "month")],
            initial="week",
        )
        self.fields["weekday"] = forms.TypedChoiceField(
            label=told("crm_insights.weekday"),
            help_text=told("crm_insights.weekday_help"),
            choices=[(day, told(f"crm_insights.weekday_{day}")) for day in range(7)],
            coerce=int,
        )
        limits = told("crm_insights.day_limits")
        self.fields["day"] = forms.IntegerField(
            label=told("crm_insights.day"),
            help_text=told("crm_insights.day_help"),
            initial=1,
            min_value=1,
            max_value=28,
            error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), limits),
        )
        self.fields["at"] = forms.TimeField(
            label=told("crm_insights.at"),
            help_text=told("crm_insights.at_help"),
            initial=dt.time(3, 0),
            widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            error_messages=dict.fromkeys(("required", "invalid"), told("crm_insights.bad_time")),
        )
        self.order_fields(["every", "weekday", "day", "at"])

    @staticmethod
    def values_of(schedule: Schedule) -> dict[str, Any]:
        """What a form shows of a schedule that is to be changed."""
        return {
            "every": schedule.every, "weekday": schedule.weekday, "day": schedule.day, "at": schedule.at,
            **schedule.parameters,
        }  # fmt: skip
