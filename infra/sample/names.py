"""What the sample's roles, databases and directories are called; the two environments share no name."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EnvironmentNames:
    """One environment's names. `owner` is its environment role, `reader` a second role that has grants."""

    app: str
    environment: str

    @property
    def database(self) -> str:
        """The database."""
        return f"{self.app}_{self.environment}"

    @property
    def owner(self) -> str:
        """The role that owns the database; no superuser, and it may not create databases."""
        return f"{self.database}_owner"

    @property
    def reader(self) -> str:
        """A role that may read; in the other environment another role stands for it."""
        return f"{self.database}_reader"

    @property
    def secret(self) -> str:
        """Under what name the owner's password is kept."""
        return f"{self.database}-owner".replace("_", "-")


@dataclass(frozen=True)
class AppNames:
    """The sample app's names; `app` tells two samples on one server apart."""

    app: str = "orders"

    @property
    def provisioner(self) -> str:
        """The role that creates, renames and drops databases."""
        return f"{self.app}_provisioner"

    @property
    def provisioner_secret(self) -> str:
        """Under what name its password is kept."""
        return f"{self.app}-provisioner".replace("_", "-")

    @property
    def clerk(self) -> str:
        """A role that both environments know."""
        return f"{self.app}_clerk"

    @property
    def production(self) -> EnvironmentNames:
        """The environment with data."""
        return EnvironmentNames(self.app, "production")

    @property
    def acceptance(self) -> EnvironmentNames:
        """The empty one."""
        return EnvironmentNames(self.app, "acceptance")
