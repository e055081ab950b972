"""The gateway's calls about what runs in an environment."""

from uuid import UUID

from services.cli.calling import Calling, asked, environment_path
from services.cli.waiting import Deadline, poll
from services.gateway.resources import AppService, Deployment, Environment


class RunningCalls(Calling):
    """What is deployed, whether it runs, and what it publishes."""

    def deploy(
        self,
        environment_id: UUID,
        model_version: str,
        *,
        package_bytes: int | None = None,
        package_sha256: str | None = None,
        idempotency_key: str | None = None,
    ) -> Environment:
        """Say which model version an environment runs from now on, and what is known of its deployment package."""
        package = {"package_bytes": package_bytes, "package_sha256": package_sha256}
        body = asked(Deployment, model_version=model_version, **package)
        return self._change("POST", environment_path(environment_id, "deploy"), Environment, body, idempotency_key)

    def start(self, environment_id: UUID, *, idempotency_key: str | None = None) -> Environment:
        """Say that the app runs; where there is a hook, `wait_for_platform` waits until it does."""
        return self._change("POST", environment_path(environment_id, "start"), Environment, None, idempotency_key)

    def stop(self, environment_id: UUID, *, idempotency_key: str | None = None) -> Environment:
        """Say that the app is stopped; where there is a hook, `wait_for_platform` waits until it is."""
        return self._change("POST", environment_path(environment_id, "stop"), Environment, None, idempotency_key)

    def wait_for_platform(self, environment_id: UUID, *, timeout_seconds: float | None = None) -> Environment:
        """The environment when its platform has answered. Raises NotKnownYetError after the timeout."""
        return poll(
            lambda: self._show(environment_path(environment_id), Environment),
            lambda environment: environment.hook_call is None,
            Deadline("the platform's answer", timeout_seconds),
        )

    def publish(self, environment_id: UUID, service_name: str, *, idempotency_key: str | None = None) -> Environment:
        """Say that the app publishes a service."""
        body = asked(AppService, service_name=service_name)
        return self._change("POST", environment_path(environment_id, "publish"), Environment, body, idempotency_key)

    def unpublish(self, environment_id: UUID, service_name: str, *, idempotency_key: str | None = None) -> Environment:
        """Say that a service is published no longer; where there is a hook, `wait_for_platform` waits until it is."""
        body = asked(AppService, service_name=service_name)
        return self._change("POST", environment_path(environment_id, "unpublish"), Environment, body, idempotency_key)
