"""Addresses of `customers`."""

from __future__ import annotations

from django.urls import path

from guanxi_crm.customers.views import bulk, contacts, export, kept, lists, record, tasks, views

app_name = "customers"
urlpatterns = [
    # The list
    path("", lists.customers, name="list"),
    path("count/", lists.count, name="count"),
    path("filters/", lists.filters, name="filters"),
    path("bulk/", bulk.bulk, name="bulk"),
    path("export/", export.export, name="export"),
    path("views/", views.keep, name="view_keep"),
    path("views/<int:view_id>/forget/", views.forget, name="view_forget"),
    # The record, and what is kept with it
    path("new/", record.create, name="create"),
    path("duplicates/", record.duplicates, name="duplicates"),
    path("<int:customer_id>/edit/", record.edit, name="edit"),
    path("<int:customer_id>/field/<slug:name>/", record.field, name="field"),
    path("<int:customer_id>/delete/", record.delete, name="delete"),
    path("<int:customer_id>/hand-over/", kept.hand_over, name="hand_over"),
    path("<int:customer_id>/contacts/", contacts.add, name="contact_add"),
    path("<int:customer_id>/contacts/<int:contact_id>/", contacts.change, name="contact_change"),
    path("<int:customer_id>/contacts/<int:contact_id>/primary/", contacts.make_primary, name="contact_make_primary"),
    path("<int:customer_id>/contacts/<int:contact_id>/remove/", contacts.remove, name="contact_remove"),
    path("<int:customer_id>/consents/", contacts.consents, name="consents"),
    path("<int:customer_id>/tags/", kept.tag_add, name="tag_add"),
    path("<int:customer_id>/tags/<int:tag_id>/remove/", kept.tag_remove, name="tag_remove"),
    path("<int:customer_id>/notes/", kept.note_new, name="note_add"),
    path("<int:customer_id>/notes/<int:note_id>/", kept.note_edit, name="note_change"),
    path("<int:customer_id>/notes/<int:note_id>/remove/", kept.note_remove, name="note_remove"),
    path("<int:customer_id>/files/", kept.file_add, name="file_add"),
    path("<int:customer_id>/files/<uuid:key>/", kept.file_download, name="file_download"),
    path("<int:customer_id>/files/<uuid:key>/remove/", kept.file_remove, name="file_remove"),
    path("<int:customer_id>/tasks/", tasks.add, name="customer_task_add"),
    path("tasks/", tasks.tasks, name="tasks"),
    path("tasks/new/", tasks.add, name="task_add"),
    path("tasks/<int:task_id>/", tasks.change, name="task_change"),
    path("tasks/<int:task_id>/done/", tasks.set_done, name="task_set_done"),
    path("tasks/<int:task_id>/remove/", tasks.remove, name="task_remove"),
]
