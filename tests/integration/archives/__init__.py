"""Downloads through the gateway: asked for, linked, resumed, expired."""
