"""LeadSquared's one error envelope. Application errors are HTTP 500 and their type starts with MX."""

from __future__ import annotations

from integrations.sandbox.errors import VendorError

TOO_MANY = "API calls exceeded the limit of {limit} in 5 second(s)"


class MXError(VendorError):
    """An error as LeadSquared reports it. `status` is the HTTP status outside bulk replies."""

    def __init__(self, kind: str, message: str, status: int = 500) -> None:
        body = {"Status": "Error", "ExceptionType": kind, "ExceptionMessage": message}
        super().__init__(f"{kind}: {message}", status, body)
        self.kind = kind
        self.message = message


def unknown_attribute(name: str) -> MXError:
    return MXError("MXUnknownAttributeException", f"Attribute '{name}' does not exist in the system")


def invalid(message: str, status: int = 500) -> MXError:
    return MXError("MXInvalidInputException", message, status)


def malformed(message: str) -> MXError:
    return invalid(message, 400)


def mandatory(message: str) -> MXError:
    return MXError("MXMandatoryAttributeMissingException", message)


def missing(what: str) -> MXError:
    return MXError("MXInvalidEntityException", f"{what} does not exist in the system")


def duplicate(value: str, field: str) -> MXError:
    return MXError("MXDuplicateEntryException", f"Duplicate entry '{value}' for key 'UQ_Prospect_Base_{field}'")


def unauthorized(message: str = "Access key or secret key is not valid") -> MXError:
    return MXError("MXUnauthorizedException", message, 401)


def over_limit(limit: int, status: int) -> MXError:
    return MXError("MXAPIRateLimitExceededException", TOO_MANY.format(limit=limit), status)
