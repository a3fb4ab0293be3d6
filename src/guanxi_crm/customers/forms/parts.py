"""Forms of what is kept with a customer: contact points, consents, notes, tasks, tags, files, a hand-over."""

from __future__ import annotations

from django import forms
from django.conf import settings

from guanxi_crm.core.language import told
from guanxi_crm.core.policy import Actor
from guanxi_crm.core.templatetags.words import plain
from guanxi_crm.customers.forms.fields import colleague_choices, label_of, team_choices
from guanxi_crm.customers.models import Customer, Task
from guanxi_crm.customers.selectors.consents import CHANNELS, PURPOSES
from guanxi_crm.customers.selectors.owners import may_own
from guanxi_crm.customers.selectors.record import CONTACT_FIELD
from guanxi_crm.customers.selectors.tags import COLOURS
from guanxi_crm.customers.services.notes import NOTE_LENGTH

__all__ = ["ConsentForm", "ContactForm", "FileForm", "HandOverForm", "NoteForm", "TagForm", "TaskForm"]

_INPUT_TYPES = {"phone": "tel", "email": "email"}


class _Told(forms.Form):
    """A form whose fields say in our words what is missing."""

    def __init__(self, *args: object, **named: object) -> None:
        super().__init__(*args, **named)
        for field in self.fields.values():
            field.error_messages["required"] = told("crm_customers.needed")
            field.error_messages["invalid_choice"] = told("crm_customers.not_a_choice", value="")
            if isinstance(field, forms.DateField):
                field.error_messages["invalid"] = told("crm_customers.not_a_date", value="")


class ContactForm(_Told):
    """A contact point; its kind is asked for only where it is new."""

    def __init__(self, *args: object, user: Actor, kind: str = "", **named: object) -> None:
        super().__init__(*args, **named)
        if not kind:
            kinds = [each for each, field in CONTACT_FIELD.items() if user.may_write("customer", field)]
            self.fields["kind"] = forms.ChoiceField(
                label=told("crm_customers.contact_kind"),
                choices=[(each, told(f"crm_customers.contact_{each}")) for each in kinds if each != "other"],
            )
        label = told(f"crm_customers.contact_{kind}" if kind else "crm_customers.contact_value")
        attributes = {"autocomplete": "off", "type": _INPUT_TYPES.get(kind, "text")}
        self.fields["value"] = forms.CharField(label=label, max_length=300, widget=forms.TextInput(attributes))
        self.fields["label"] = forms.CharField(
            label=told("crm_customers.contact_label"), max_length=40, required=False,
            help_text=told("crm_customers.contact_label_help"),
        )  # fmt: skip


class ConsentForm(_Told):
    """One word of the customer: what for, on which channel, yes or no, and how it was given."""

    def __init__(self, *args: object, **named: object) -> None:
        super().__init__(*args, **named)
        purposes = [(each, told(f"crm_customers.purpose_{each}")) for each in PURPOSES]
        channels = [(each, told(f"crm_customers.channel_{each}")) for each in CHANNELS]
        self.fields["purpose"] = forms.ChoiceField(label=told("crm_customers.consent_purpose"), choices=purposes)
        self.fields["channel"] = forms.ChoiceField(label=told("crm_customers.consent_channel"), choices=channels)
        self.fields["is_given"] = forms.ChoiceField(
            label=told("crm_customers.consent_word"), widget=forms.RadioSelect,
            choices=[("yes", told("crm_customers.consent_given")), ("no", told("crm_customers.consent_withdrawn"))],
        )  # fmt: skip
        self.fields["proof"] = forms.CharField(
            label=told("crm_customers.consent_proof"), max_length=300, required=False,
            help_text=told("crm_customers.consent_proof_help"),
        )  # fmt: skip


class NoteForm(_Told):
    """The text of a note."""

    def __init__(self, *args: object, **named: object) -> None:
        super().__init__(*args, **named)
        self.fields["text"] = forms.CharField(
            label=told("crm_customers.note"), max_length=NOTE_LENGTH, strip=True,
            widget=forms.Textarea({"rows": 4, "placeholder": told("crm_customers.note_placeholder")}),
            error_messages={"max_length": told("crm_customers.too_long", most=NOTE_LENGTH)},
        )  # fmt: skip


class TaskForm(_Told):
    """Something to do: what, when, who."""

    def __init__(self, *args: object, user: Actor, task: Task | None = None, **named: object) -> None:
        now = {"assignee": user.user_id}
        if task is not None:
            now = {"title": task.title, "due_on": task.due_on, "assignee": task.assignee_id}
        super().__init__(*args, initial=now, **named)
        most = Task._meta.get_field("title").max_length
        self.fields["title"] = forms.CharField(label=label_of("title", "task"), max_length=most)
        self.fields["due_on"] = forms.DateField(
            label=label_of("due_on", "task"), required=False,
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        )  # fmt: skip
        self.fields["assignee"] = forms.TypedChoiceField(
            label=label_of("assignee", "task"), coerce=int,
            choices=colleague_choices(user=user, current=task.assignee if task else None),
        )  # fmt: skip
        for name in ("due_on", "assignee"):
            if not user.may_write("task", name):
                del self.fields[name]


class TagForm(_Told):
    """A word, and its colour where it is new."""

    def __init__(self, *args: object, **named: object) -> None:
        super().__init__(*args, **named)
        self.fields["name"] = forms.CharField(
            label=told("crm_customers.tag"), max_length=40,
            widget=forms.TextInput({"list": "tags-known", "autocomplete": "off"}),
        )  # fmt: skip
        self.fields["colour"] = forms.ChoiceField(
            label=told("crm_customers.tag_colour"), required=False, help_text=told("crm_customers.tag_colour_help"),
            choices=[(each, told(f"crm_customers.colour_{each}")) for each in COLOURS],
        )  # fmt: skip


class FileForm(_Told):
    """A file from the user's machine."""

    def __init__(self, *args: object, **named: object) -> None:
        super().__init__(*args, **named)
        self.fields["file"] = forms.FileField(
            label=told("crm_customers.file"), allow_empty_file=True,
            help_text=told("crm_customers.file_help", most=settings.ATTACHMENT_LIMIT_BYTES // 1024**2),
        )  # fmt: skip


class HandOverForm(_Told):
    """To whom, to which team, and a word about it."""

    def __init__(self, *args: object, user: Actor, customer: Customer, **named: object) -> None:
        super().__init__(*args, initial={"owner": customer.owner_id, "team": customer.team_id}, **named)
        nobody = ("", plain(None))
        if user.may_write("customer", "owner"):
            people = colleague_choices(user=user, current=customer.owner, among=may_own(user=user))
            self.fields["owner"] = forms.TypedChoiceField(
                label=label_of("owner"), required=False, coerce=int, empty_value=None, choices=[nobody, *people]
            )
        if user.may_write("customer", "team"):
            self.fields["team"] = forms.TypedChoiceField(
                label=label_of("team"), required=False, coerce=int, empty_value=None, choices=[nobody, *team_choices()]
            )
        self.fields["note"] = forms.CharField(
            label=told("crm_customers.hand_over_note"), required=False, max_length=1000,
            help_text=told("crm_customers.hand_over_note_help"), widget=forms.Textarea({"rows": 3}),
        )  # fmt: skip
