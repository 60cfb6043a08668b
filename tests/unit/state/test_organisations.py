"""Organisations and settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from engine.context import EVERYTHING, SettingValue
from engine.errors import UserError
from state.accounts import disconnect_account
from state.database import reading
from state.organisations import (
    WHOLE,
    Organisation,
    SettingChange,
    change_organisation,
    change_setting,
    create_organisation,
    find_organisation,
    organisations,
    settings,
)
from state.tables import SETTING


def change(name: str, value: SettingValue, user: str = WHOLE) -> SettingChange:
    return SettingChange(
        rule_file="contacts", name=name, value=value, user=user, changed_by="helen", changed_at=1_700_000_000_000
    )


def test_an_organisation_comes_back_as_it_was(engine: sa.Engine) -> None:
    """All properties are kept, and a change replaces them."""
    one = Organisation(id="firm", name="Harbour Light", tenant_id="t", client_id="c", users_may_edit=False)
    create_organisation(engine, one)
    assert find_organisation(engine, "firm") == one
    changed = replace(one, name="Harbour Light Ltd", tenant_id="u", users_may_edit=True)
    change_organisation(engine, changed)
    assert find_organisation(engine, "firm") == changed
    assert changed in organisations(engine)
    assert find_organisation(engine, "other firm") is None


def test_an_organisation_is_made_once(engine: sa.Engine, org: str) -> None:
    """A second one under the same id is refused and changes nothing."""
    before = find_organisation(engine, org)
    with pytest.raises(UserError, match=f"organisation {org} already"):
        create_organisation(engine, Organisation(id=org, name="Another"))
    assert find_organisation(engine, org) == before


def test_the_tenant_stays_while_accounts_are_connected(engine: sa.Engine, org: str) -> None:
    """An organisation can't be pointed at another tenant before its users are disconnected."""
    before = find_organisation(engine, org)
    assert before is not None
    change_organisation(engine, replace(before, name="Renamed"))
    with pytest.raises(UserError, match="present tenant are connected"):
        change_organisation(engine, replace(before, tenant_id="foreign"))
    disconnect_account(engine, org, "anna")
    disconnect_account(engine, org, "ben")
    change_organisation(engine, replace(before, tenant_id="foreign"))


@pytest.mark.parametrize("value", [True, False, 12, "to_m365", "", ("a", "b"), (), EVERYTHING], ids=repr)
def test_a_setting_comes_back_as_it_was(engine: sa.Engine, org: str, value: SettingValue) -> None:
    """Every kind of value that a setting can have is kept."""
    change_setting(engine, org, change("wanted", value))
    found = settings(engine, org, "contacts")["wanted"]
    assert found == value
    assert type(found) is type(value)


def test_users_and_the_organisation_have_their_own_values(engine: sa.Engine, org: str) -> None:
    """A value belongs to one user or to the whole organisation, in one rule file."""
    change_setting(engine, org, change("direction", "both"))
    change_setting(engine, org, change("direction", "to_crm", user="anna"))
    change_setting(engine, org, replace(change("direction", "off"), rule_file="tasks"))
    assert settings(engine, org, "contacts") == {"direction": "both"}
    assert settings(engine, org, "contacts", "anna") == {"direction": "to_crm"}
    assert settings(engine, org, "contacts", "ben") == {}
    assert settings(engine, org, "tasks") == {"direction": "off"}


def test_a_setting_goes_back_to_its_default(engine: sa.Engine, org: str) -> None:
    """Setting nothing removes the value; the last change says who made it."""
    change_setting(engine, org, change("direction", "both"))
    change_setting(engine, org, replace(change("direction", "off"), changed_by="tom"))
    with reading(engine) as connection:
        wanted = sa.select(SETTING.c.changed_by).where(SETTING.c.org_id == org)
        assert connection.execute(wanted).scalars().all() == ["tom"]
    change_setting(engine, org, change("direction", None))
    assert settings(engine, org, "contacts") == {}


def test_settings_need_their_organisation(engine: sa.Engine, make_organisation: Callable[..., str]) -> None:
    """An unknown organisation is an error with advice."""
    with pytest.raises(UserError, match="no organisation nobody") as problem:
        change_setting(engine, "nobody", change("direction", "both"))
    assert "tandem init" in problem.value.hint
    with pytest.raises(UserError, match="no organisation nobody"):
        change_organisation(engine, Organisation(id="nobody", name="Nobody"))
