"""Attacks of callers and providers on a real Envoy with Switchover, with healthy traffic beside each: see README.md."""
