"""Files that are sent to the gateway in parts, and uploads of what they hold."""
