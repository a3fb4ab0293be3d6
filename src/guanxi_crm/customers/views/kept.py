"""What is kept with a customer: notes, tags, files; and passing him on."""

from __future__ import annotations

import uuid

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from guanxi_crm.core.errors import NotFound
from guanxi_crm.core.pages import signed_in, toast
from guanxi_crm.core.policy import Scope
from guanxi_crm.customers.forms.parts import FileForm, HandOverForm, NoteForm, TagForm
from guanxi_crm.customers.models import Tag
from guanxi_crm.customers.selectors.neighbours import list_of_address
from guanxi_crm.customers.selectors.record import customer_get, name_for
from guanxi_crm.customers.selectors.tags import tags_all
from guanxi_crm.customers.services.files import attachment_add, attachment_open, attachment_remove
from guanxi_crm.customers.services.hand_over import customer_hand_over
from guanxi_crm.customers.services.notes import note_add, note_change, note_delete
from guanxi_crm.customers.services.tags import customer_tag, customer_untag
from guanxi_crm.customers.views.form_page import back_to, came_from, form_page

__all__ = [
    "file_add",
    "file_download",
    "file_remove",
    "hand_over",
    "note_edit",
    "note_new",
    "note_remove",
    "tag_add",
    "tag_remove",
]


@require_http_methods(["GET", "POST"])
@signed_in
def note_new(request: HttpRequest, customer_id: int) -> HttpResponse:
    """A note about a customer."""
    user = request.actor
    customer = customer_get(user=user, customer_id=customer_id, action="change")
    user.require_writable("customer", ["notes"])
    form = NoteForm(request.POST or None)

    def save() -> None:
        note_add(user=user, customer_id=customer_id, **form.cleaned_data)
        toast(request, "crm_customers.note_added")

    return form_page(
        request, form, save, customer=customer, title="crm_customers.note_add", button="crm_customers.note_keep"
    )


@require_http_methods(["GET", "POST"])
@signed_in
def note_edit(request: HttpRequest, customer_id: int, note_id: int) -> HttpResponse:
    """Correct one's own note."""
    user = request.actor
    customer = customer_get(user=user, customer_id=customer_id, action="change")
    user.require_writable("customer", ["notes"])
    note = customer.notes.filter(pk=note_id, author_id=user.user_id).first()
    if note is None:
        raise NotFound
    form = NoteForm(request.POST or None, initial={"text": note.text})

    def save() -> None:
        note_change(user=user, customer_id=customer_id, note_id=note_id, **form.cleaned_data)
        toast(request, "crm_customers.note_changed")

    return form_page(
        request, form, save, customer=customer, title="crm_customers.note_change", button="crm_customers.save"
    )


@require_POST
@signed_in
def note_remove(request: HttpRequest, customer_id: int, note_id: int) -> HttpResponse:
    """Delete one's own note, with a button to have it back."""
    undo = note_delete(user=request.actor, customer_id=customer_id, note_id=note_id)
    toast(request, "crm_customers.note_deleted", undo=undo)
    return HttpResponseRedirect(back_to(request, customer_id))


@require_http_methods(["GET", "POST"])
@signed_in
def tag_add(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Put a tag on a customer: one of those there are, or a new one."""
    user = request.actor
    customer = customer_get(user=user, customer_id=customer_id, action="change")
    user.require_writable("customer", ["tags"])
    form = TagForm(request.POST or None)

    def save() -> None:
        tag = customer_tag(user=user, customer_id=customer_id, **form.cleaned_data)
        toast(request, "crm_customers.tag_added", name=tag.name)

    return form_page(
        request, form, save, customer=customer, title="crm_customers.tag_add", button="crm_customers.add",
        tags=tags_all(user=user),
    )  # fmt: skip


@require_POST
@signed_in
def tag_remove(request: HttpRequest, customer_id: int, tag_id: int) -> HttpResponse:
    """Take a tag from a customer."""
    tag = Tag.objects.filter(pk=tag_id).first()
    undo = customer_untag(user=request.actor, customer_id=customer_id, tag_id=tag_id)
    toast(request, "crm_customers.tag_removed", undo=undo, name=str(tag))
    return HttpResponseRedirect(back_to(request, customer_id))


@require_http_methods(["GET", "POST"])
@signed_in
def file_add(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Keep a file with a customer."""
    user = request.actor
    customer = customer_get(user=user, customer_id=customer_id, action="change")
    user.require_writable("customer", ["files"])
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()

    def save() -> None:
        kept = attachment_add(user=user, customer_id=customer_id, upload=form.cleaned_data["file"])
        toast(request, "crm_customers.file_added", name=kept.name)

    return form_page(
        request, form, save, customer=customer, title="crm_customers.file_add", button="crm_customers.add",
        has_file=True,
    )  # fmt: skip


@require_GET
@signed_in
def file_download(request: HttpRequest, customer_id: int, key: uuid.UUID) -> HttpResponse:
    """A file of a customer, to be kept, never to be shown by the browser in our name."""
    attachment, content = attachment_open(user=request.actor, customer_id=customer_id, key=key)
    response = FileResponse(content, as_attachment=True, filename=attachment.name, content_type=attachment.content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@require_POST
@signed_in
def file_remove(request: HttpRequest, customer_id: int, key: uuid.UUID) -> HttpResponse:
    """Remove a file; the page has asked whether one is sure."""
    attachment_remove(user=request.actor, customer_id=customer_id, key=key)
    toast(request, "crm_customers.file_removed")
    return HttpResponseRedirect(back_to(request, customer_id))


@require_http_methods(["GET", "POST"])
@signed_in
def hand_over(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Give a customer to a colleague or a team."""
    user = request.actor
    customer = customer_get(user=user, customer_id=customer_id, action="assign")
    form = HandOverForm(request.POST or None, user=user, customer=customer)

    def save() -> None:
        given = form.cleaned_data
        handed = customer_hand_over(
            user=user, customer_id=customer_id, owner_id=given.get("owner", customer.owner_id),
            team_id=given.get("team", customer.team_id), note=given["note"],
        )  # fmt: skip
        if handed is not None:
            toast(request, "crm_customers.handed_over", undo=handed.undo, name=name_for(customer, user=user))

    # Who gives a customer away may no longer see him.
    then = _list(request, customer_id) if user.scope("customer", "view") is not Scope.ALL else ""
    return form_page(
        request, form, save, customer=customer, title="crm_customers.hand_over", button="crm_customers.hand_over",
        then=then,
    )  # fmt: skip


def _list(request: HttpRequest, customer_id: int) -> str:
    """The list through which one was going, or all customers where it is none that this user may see."""
    told = came_from(request, customer_id)
    page = reverse("customers:list")
    return f"{page}?{told}" if told and list_of_address(told, user=request.actor) else page
