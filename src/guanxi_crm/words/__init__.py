"""Every sentence of the CRM in Chinese and in English: one TOML file per area, as in `guanxi.words`.

Areas have the names of the apps with ``crm_`` in front: ``crm_core``, ``crm_users``, ``crm_customers`` …
"""
