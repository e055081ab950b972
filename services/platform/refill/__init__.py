"""The one-shot that fills a recreated log from the event tables of all services."""
