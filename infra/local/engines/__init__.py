"""The engines that the services stand on, each started from what package registries publish."""
