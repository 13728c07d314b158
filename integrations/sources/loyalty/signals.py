"""What the loyalty source announces (see `core.announce`).

Both come once a batch with `states: list[CustomerState]`, for customers that really changed.
"""

from __future__ import annotations

from integrations.core.announce import QuietSignal

# Points, registration, name or e-mail changed, or the customer is new. One state a customer.
accounts_changed = QuietSignal()
# A new PIN. One state for each change, with the PIN and the revision of that change, oldest first.
pins_changed = QuietSignal()
