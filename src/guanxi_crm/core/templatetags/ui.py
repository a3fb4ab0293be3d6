"""Icons and charts in templates: ``{% load ui %}``."""
