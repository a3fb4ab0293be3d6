"""Reads that are joined from several apps."""
