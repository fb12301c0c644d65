"""How to build a small, valid instance of every model type and inputs that fit it: found by search, then frozen."""
