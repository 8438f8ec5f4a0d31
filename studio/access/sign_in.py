"""Signing in and out, for people (a page) and for programs (gradio's client posts to /login)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from studio import words
from studio.access.gate import SIGN_IN
from studio.access.sessions import COOKIE, LIFETIME, Sessions
from studio.access.throttle import Throttle
from studio.access.users import LONGEST, UserFile
from studio.callers import CALLER
from studio.person import Person
from studio.views.sign_in import POLICY, sign_in

Text = Annotated[str, Form(max_length=LONGEST)]
HEADERS = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}


def sign_in_routes(users: UserFile, sessions: Sessions, throttle: Throttle) -> APIRouter:
    """The routes of a studio with a user file."""
    router = APIRouter()

    @router.get(SIGN_IN)
    def page(request: Request) -> Response:
        if CALLER in request.scope:
            return RedirectResponse("/", 303)
        return HTMLResponse(sign_in(), headers=HEADERS)

    @router.post(SIGN_IN)
    def enter(request: Request, username: Text = "", password: Text = "") -> Response:
        try:
            person = _person(request, username, password)
        except HTTPException as refused:
            shown = sign_in(str(refused.detail), username[:64])
            return HTMLResponse(shown, refused.status_code, headers={**HEADERS, **(refused.headers or {})})
        return _with_cookie(request, person, RedirectResponse("/", 303))

    @router.post("/login")
    def program(request: Request, username: Text = "", password: Text = "") -> Response:
        return _with_cookie(request, _person(request, username, password), JSONResponse({"success": True}))

    @router.post("/sign-out")
    def leave(request: Request) -> Response:
        sessions.end(request.cookies)
        answer = RedirectResponse(SIGN_IN, 303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
        return answer

    def _person(request: Request, name: str, password: str) -> Person:
        """Whose name and password these are. The answer to a wrong one does not say which of the two it was."""
        address = request.client.host if request.client else ""
        name = name.strip().lower()
        seconds = throttle.wait(address, name)
        if seconds:
            minutes = max(1, round(seconds / 60))
            raise HTTPException(429, words.SIGN_IN_WAIT.format(minutes=minutes), {"Retry-After": str(seconds)})
        throttle.failed(address, name)  # before it is known, so that tries at the same time count, too
        person = users.verify(name, password)
        if person is None:
            raise HTTPException(401, words.SIGN_IN_WRONG)
        throttle.succeeded(address, name)
        return person

    def _with_cookie(request: Request, person: Person, answer: Response) -> Response:
        secure = request.url.scheme == "https"
        value = sessions.begin(person)
        answer.set_cookie(COOKIE, value, max_age=LIFETIME, httponly=True, samesite="lax", secure=secure)
        return answer

    return router
