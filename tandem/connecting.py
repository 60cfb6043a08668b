"""Connecting a CRM user to a Microsoft 365 account: sign-in by device code, then account, space and sealed tokens."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from crm.people import User
from engine.errors import UserError
from graph_client.connection import Connection
from graph_client.signin import DeviceSignIn, SignedIn, finish, start_device_sign_in
from state.accounts import Account, accounts, connect_account, disconnect_account
from state.organisations import change_organisation
from tandem.installation import Installation


def connect(installation: Installation, user: User, show: Callable[[DeviceSignIn], None]) -> Account:
    """Sign in and connect; ``show`` tells the person where to enter which code. Nothing is kept unless all went well.

    Raises UserError when the sign-in or the account is refused, Unavailable when Microsoft can't be reached.
    """
    if user.status != "Active":
        raise UserError(f"{user.user_name} is not an active user of the CRM.", "Make the user active first.")
    endpoints = installation.endpoints()
    connection = Connection(endpoints)
    try:
        waiting = start_device_sign_in(endpoints, connection)
        show(waiting)
        signed_in = finish(waiting, endpoints, connection, time.time, time.sleep)
    finally:
        connection.close()
    return _keep(installation, user, signed_in)


def _keep(installation: Installation, user: User, signed_in: SignedIn) -> Account:
    engine, org = installation.engine, installation.org
    organisation = installation.organisation
    if not organisation.tenant_id:  # the first account settles the tenant, from a validated sign-in
        change_organisation(engine, replace(organisation, tenant_id=signed_in.account.tenant))
    account = Account(
        id=signed_in.account.id, user=user.id, tenant_id=signed_in.account.tenant, upn=signed_in.account.user_name,
        zone=user.zone,
    )  # fmt: skip
    known = next((one for one in accounts(engine, org) if one.id == account.id and one.status != "disconnected"), None)
    connect_account(engine, org, account, installation.milliseconds())
    try:
        version = installation.sign_ins.load(org, account.id).version
    except UserError:
        if known is None:
            raise
        disconnect_account(engine, org, account.id)  # the kept sign-in can't be opened any more; this one replaces it
        connect_account(engine, org, account, installation.milliseconds())
        version = 0
    installation.sign_ins.store(org, account.id, signed_in.cache, version)
    return account
