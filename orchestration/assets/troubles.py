"""How trouble is told in the UI: what happened to whom, what is nevertheless done, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dagster import Failure

from orchestration.campaign import CampaignError
from orchestration.landing.errors import LandingError
from orchestration.loading.database import LoadingError
from orchestration.settings import SettingsError
from orchestration.sources.registry.senders import RegistryError

# Errors whose own text says everything: a stack trace under them would only hide it.
EXPLAINED: tuple[type[Exception], ...] = (CampaignError, LandingError, LoadingError, RegistryError, SettingsError)


@contextmanager
def explained(*more: type[Exception]) -> Iterator[None]:
    """Turn an error that explains itself into a Failure with its text. Retries are for a sender's pull, never a
    step."""
    try:
        yield
    except (*EXPLAINED, *more) as error:
        raise Failure(description=str(error), allow_retries=False) from None
