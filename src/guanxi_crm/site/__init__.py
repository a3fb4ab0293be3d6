"""The doors: urls, pages joined from all apps, search, the API's one entry. Owns no tables."""
