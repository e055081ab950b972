"""`/api/v1/session`: what a page in a browser signs in, stays signed in and signs out with."""

import base64
import json
import secrets
from typing import Annotated, Final

from fastapi import APIRouter, Cookie, Depends, Query, Request, Response
from pydantic_core import from_json
from starlette.responses import RedirectResponse

from contracts.errors import RejectionCode
from services.gateway.adapters.decisions import Intent
from services.gateway.adapters.openid import Errand, OpenId
from services.gateway.adapters.permits import must_be_whole
from services.gateway.adapters.sessions import Begun
from services.gateway.domain import sessions
from services.gateway.domain.declined import declined
from services.gateway.domain.refusals import NotFoundError, RefusalError
from services.gateway.domain.rights import Scope
from services.gateway.parts import Parts
from services.gateway.resources import Credentials, NewPassword, SentBack, Session
from services.gateway.routes.calls import DESCRIBED, PartsOf, intent_anywhere_with
from services.gateway.routes.errors import refusal

router = APIRouter(prefix="/api/v1", tags=["session"], dependencies=[*DESCRIBED])
open_router = APIRouter(prefix="/api/v1/session", tags=["open"])
"""Without a key: password, cookie or provider say who it is."""

ERRAND_COOKIE: Final = "__Host-nightkeep-openid"
ERRAND_SECONDS: Final = 600
HOME: Final = "/"
"""Where a browser goes once it is signed in."""

OnesOwn = Annotated[Intent, Depends(intent_anywhere_with(Scope.ADMIN))]
OwnCookie = Annotated[str, Cookie(alias=sessions.COOKIE, include_in_schema=False)]
ErrandCookie = Annotated[str, Cookie(alias=ERRAND_COOKIE, include_in_schema=False)]


@open_router.post("", status_code=201)
async def sign_in(asked: Credentials, parts: PartsOf, request: Request, response: Response) -> Session:
    """Begin a session by name and password; the answer sets its cookie, which no script in a page can read."""
    request.state.operation = "sign_in"
    host = request.client.host if request.client else ""
    begun = await parts.sessions.sign_in(asked.user, asked.password.get_secret_value(), host)
    _set_cookie(response, begun)
    return _shown(begun)


@open_router.get("")
async def show_session(parts: PartsOf, cookie: OwnCookie = "") -> Session:
    """Who is signed in, until when, and the token that every changing call of a page sends along."""
    found = await parts.sessions.caller(cookie) if cookie else None
    if found is None:
        raise RefusalError(401, "UNAUTHORIZED", "nobody is signed in: sign in first")
    return _shown(Begun(found[0].user, cookie, found[1]))


@open_router.delete("", status_code=204)
async def sign_out(parts: PartsOf, request: Request, response: Response, cookie: OwnCookie = "") -> None:
    """End the session."""
    if cookie and not sessions.is_csrf_token(request.headers.get(sessions.CSRF_HEADER, ""), cookie):
        raise RefusalError(403, "NO_ACCESS", sessions.CSRF_REFUSED, field=sessions.CSRF_HEADER)
    await parts.sessions.sign_out(cookie)
    response.delete_cookie(sessions.COOKIE, secure=True, httponly=True, samesite="lax")


@open_router.get("/openid", status_code=303, response_class=RedirectResponse)
async def begin_openid(parts: PartsOf, request: Request) -> RedirectResponse:
    """Send the browser to the provider of identities, where one is set up."""
    errand = Errand.new()
    answer = RedirectResponse(await _provider(parts).address(errand, _back_to(parts, request)), 303)
    held = base64.urlsafe_b64encode(json.dumps(errand).encode()).decode()
    answer.set_cookie(ERRAND_COOKIE, held, max_age=ERRAND_SECONDS, path="/", secure=True, httponly=True, samesite="lax")
    return answer


@open_router.get("/openid/callback", status_code=303, response_class=RedirectResponse)
async def end_openid(
    sent: Annotated[SentBack, Query()], parts: PartsOf, request: Request, errand_cookie: ErrandCookie = ""
) -> Response:
    """Where the provider sends the browser back to; from here it goes on signed in, or is told who refused.

    Providers add parameters of their own: this call passes over those that it does not know.
    """
    request.state.operation = "sign_in"
    provider, errand = _provider(parts), _errand(errand_cookie)
    if errand is None or not secrets.compare_digest(errand.state.encode(), sent.state.encode()):
        raise RefusalError(403, "NO_ACCESS", "this sign-in was not begun in this browser: begin again")
    if sent.iss is not None:
        provider.must_be(sent.iss)
    if sent.error or not sent.code:
        refused = declined(sent.error, sent.error_description)
        return _without_errand(refusal(refused.status, refused.code, refused.message))
    known = await provider.known(sent.code, errand, _back_to(parts, request))
    answer = RedirectResponse(HOME, 303)
    _set_cookie(answer, await parts.sessions.sign_in_as(known.name, known.subject))
    return _without_errand(answer)


@router.put("/password", status_code=204)
async def change_password(asked: NewPassword, parts: PartsOf, intent: OnesOwn) -> None:
    """Give the caller another password, or a first one; all sessions end."""
    must_be_whole(intent.caller)
    current = None if asked.current_password is None else asked.current_password.get_secret_value()
    await parts.sessions.change_password(intent, asked.password.get_secret_value(), current)


def _provider(parts: Parts) -> OpenId:
    if parts.openid is None:
        raise NotFoundError(RejectionCode.NOT_FOUND, "no provider of identities is set up: NIGHTKEEP_OPENID__ISSUER")
    return parts.openid


def _back_to(parts: Parts, request: Request) -> str:
    base = parts.public_url or str(request.base_url)
    return f"{base.rstrip('/')}/api/v1/session/openid/callback"


def _errand(held: str) -> Errand | None:
    try:
        return Errand(*map(str, from_json(base64.urlsafe_b64decode(held.encode()))))
    except (ValueError, TypeError):
        return None


def _without_errand(answer: Response) -> Response:
    answer.delete_cookie(ERRAND_COOKIE, secure=True, httponly=True, samesite="lax")
    return answer


def _set_cookie(response: Response, begun: Begun) -> None:
    response.set_cookie(
        sessions.COOKIE, begun.secret, expires=begun.ends_at, path="/", secure=True, httponly=True, samesite="lax"
    )


def _shown(begun: Begun) -> Session:
    return Session(user=begun.user, ends_at=begun.ends_at, csrf_token=sessions.csrf_token(begun.secret))
