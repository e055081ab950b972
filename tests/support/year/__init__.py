"""A year of nights through the real services, and a model of it that shares no rule with them."""
