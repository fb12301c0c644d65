"""What exists: model types, families, tasks and tiers, read from the installed libraries' own registries."""
