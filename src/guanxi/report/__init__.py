"""The printed report: documents that studies fill, charts as plain dictionaries, one self-contained page."""
