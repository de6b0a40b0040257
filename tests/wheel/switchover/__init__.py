"""Switchover as a Python package: the native command, the filter, stand-in providers, and a demo of it all."""
