"""The pages of what calls set off: imports with their reports, and mails."""

from __future__ import annotations

from itertools import islice

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Request, Response

from integrations.sandbox.frame import SHOWN, page_of
from integrations.sandbox.heyloyalty.account import HeyloyaltyAccount
from integrations.sandbox.heyloyalty.frame import shown


def imports_page(account: HeyloyaltyAccount, request: Request) -> Response:
    with account.lock:
        imports = list(islice(reversed(account.imports.imports.values()), SHOWN))
    return shown(account, request, "imports", "Imports", "imports", imports=imports)


def import_page(account: HeyloyaltyAccount, request: Request, import_id: int) -> Response:
    one = account.imports.imports.get(import_id)
    if one is None:
        raise NotFound("No such import.")
    parameters = [(name, value) for name, value in one.parameters.items() if name != "fields_selected"]
    return shown(
        account,
        request,
        "import",
        f"Import {import_id}",
        "imports",
        one=one,
        parameters=parameters,
        errors=one.errors[:SHOWN],
    )


def mails_page(account: HeyloyaltyAccount, request: Request) -> Response:
    with account.lock:
        mails = account.mails.mails
        page = page_of(request, len(mails))
        rows = mails[::-1][page.offset : page.end]
    return shown(account, request, "mails", "Mails", "mails", mails=rows, page=page)
