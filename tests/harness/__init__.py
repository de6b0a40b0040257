"""What the tests share: the stand-in providers, the real Envoy, and calls through it."""
