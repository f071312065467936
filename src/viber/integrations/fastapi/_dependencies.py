"""What an endpoint asks for by the type of its parameter."""

from typing import Annotated

from fastapi import Depends, HTTPException, Request

from viber.factory import ServiceFactory
from viber.services.gemini import GeminiService
from viber.services.supabase import SupabaseService


def get_services(request: Request) -> ServiceFactory:
    """The application's services: to be overridden in tests by `app.dependency_overrides`.

    Raises:
        RuntimeError: the application has no `lifespan()`.
    """
    services = getattr(request.app.state, "services", None)
    if not isinstance(services, ServiceFactory):
        raise RuntimeError("no services: give the application lifespan=lifespan()")  # noqa: TRY004
    return services


Services = Annotated[ServiceFactory, Depends(get_services)]


def get_supabase(services: Services) -> SupabaseService:
    """Supabase as the anonymous role."""
    return services.supabase


def get_gemini(services: Services) -> GeminiService:
    """Gemini as the settings describe it."""
    return services.gemini


def get_user_supabase(request: Request, services: Services) -> SupabaseService:
    """Supabase as the user whose token the request carries, so that row level security holds.

    Raises:
        HTTPException: 401, there is no bearer token.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise HTTPException(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})
    return services.supabase.as_user(token.strip())


Supabase = Annotated[SupabaseService, Depends(get_supabase)]
Gemini = Annotated[GeminiService, Depends(get_gemini)]
UserSupabase = Annotated[SupabaseService, Depends(get_user_supabase)]
