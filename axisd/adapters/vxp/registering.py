"""`registerAgency` and `deleteAgency`: what a call asks, read, and what it is answered.

Who may register what is not decided here. Mail, telephone and fax are not the axis's business: they are taken and
not kept.
"""

from __future__ import annotations

import json
from typing import Final

from axisd.adapters.vxp.protocol import Answer, Call, Code, Refused
from axisd.adapters.vxp.protocol.answers import text_of
from axisd.core.registration import Asked, Denial
from axisd.service.registration import Registration

_NO_FORM: Final = Refused.of(
    Code.INVALID,
    "Send a JSON object with code, name and pcode.",
    "Hãy gửi một đối tượng JSON gồm code, name và pcode.",
)


class AgencyForms:
    """Both operations. `registrar`: whom to ask for what a system may not do itself, "" if nobody is named."""

    def __init__(self, registration: Registration, registrar: str) -> None:
        self._registration = registration
        self._registrar = registrar

    async def register(self, call: Call) -> Answer:
        """OK once the agency takes part; a repeat, and a change of its name or pcode, are OK too."""
        asked = _asked(call.body)
        if isinstance(asked, Refused):
            return Answer.of(asked)
        return self._answer(await self._registration.register(call.system_id, asked))

    async def delete(self, call: Call) -> Answer:
        """OK once the agency is closed, or if it was."""
        code = call.parameters["AgencyCode"].strip()
        return self._answer(await self._registration.close(call.system_id, code))

    def _answer(self, denial: Denial | None) -> Answer:
        if denial is None:
            return Answer()
        whom = f" ({self._registrar})" if self._registrar else ""
        code = Code.SYSTEM if denial.again else Code.INVALID
        return Answer.of(Refused.of(code, f"{denial.en}{whom}", f"{denial.vi}{whom}"))


def _asked(body: bytes) -> Asked | Refused:
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        return _NO_FORM
    if not isinstance(values, dict):
        return _NO_FORM
    code, name, parent = (text_of(values.get(key)) for key in ("code", "name", "pcode"))
    return Asked(code, name, parent) if code else _NO_FORM
