"""Rights on a broker."""

from __future__ import annotations

from confluent_kafka.admin import AclBinding, AclBindingFilter, AclOperation, AclPermissionType, ResourcePatternType, ResourceType
from harness import Broker, eventually


class Rule:
    """About a right of everybody, for a while."""

    permission: AclPermissionType

    def __init__(self, broker: Broker, kind: ResourceType, name: str, operation: AclOperation) -> None:
        self.broker, self.place = broker, (kind, name, ResourcePatternType.LITERAL, "User:ANONYMOUS", "*", operation, self.permission)

    def __enter__(self) -> None:
        (answer,) = self.broker.admin.create_acls([AclBinding(*self.place)]).values()
        answer.result(10)
        eventually("the rule is known", lambda: self.broker.admin.describe_acls(AclBindingFilter(*self.place)).result(10))

    def __exit__(self, *_: object) -> None:
        (answer,) = self.broker.admin.delete_acls([AclBindingFilter(*self.place)]).values()
        answer.result(10)


class Denied(Rule):
    """The right is denied; as this is the only rule of the resource, so are all others."""

    permission = AclPermissionType.DENY


class Allowed(Rule):
    """This right is there, and none that no rule allows."""

    permission = AclPermissionType.ALLOW
