"""The tables of the first release"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _action() -> None:
    op.create_table(
        "action",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("action_id", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("link_id", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("record_kind", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("klass", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=True),
        sa.Column("crm_id", sa.String(), nullable=True),
        sa.Column("m365_id", sa.String(), nullable=True),
        sa.Column("expected_version", sa.String(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("entry", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("intended_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("result_version", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "action_id"),
    )
    with op.batch_alter_table("action", schema=None) as batch_op:
        batch_op.create_index("ix_action_crm", ["org_id", "crm_id"], unique=False)
        batch_op.create_index("ix_action_m365", ["org_id", "m365_id"], unique=False)
        batch_op.create_index(
            "ix_action_open",
            ["org_id", "space_id", "kind", "state"],
            unique=False,
            sqlite_where=sa.text("state IN ('intended', 'unknown')"),
            postgresql_where=sa.text("state IN ('intended', 'unknown')"),
        )
        batch_op.create_index("ix_action_run", ["org_id", "run_id", "seq"], unique=False)


def _base() -> None:
    op.create_table(
        "base",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("space_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("link_id", sa.String(), nullable=False),
        sa.Column("packed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "space_id", "kind", "link_id"),
    )


def _claim() -> None:
    op.create_table(
        "claim",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("space_id", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "kind", "key"),
        sqlite_with_rowid=False,
    )


def _crm_clock() -> None:
    op.create_table(
        "crm_clock",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org_id"),
    )


def _crm_sequence() -> None:
    op.create_table(
        "crm_sequence",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("next_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org_id"),
    )


def _crm_user() -> None:
    op.create_table(
        "crm_user",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("crm_id", sa.String(), nullable=False),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=True),
        sa.Column("last_name", sa.String(), nullable=True),
        sa.Column("email1", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("access_rev", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("status IN ('Active', 'Inactive')", name="crm_user_status"),
        sa.PrimaryKeyConstraint("org_id", "crm_id"),
        sa.UniqueConstraint("org_id", "name_key", name="crm_user_name"),
    )


def _feed() -> None:
    op.create_table(
        "feed",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("space_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("cursors", sa.Text(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("access", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "space_id", "kind"),
    )


def _folder() -> None:
    op.create_table(
        "folder",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("crm_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "crm_id"),
        sa.UniqueConstraint("org_id", "name_key", name="folder_name"),
    )
    with op.batch_alter_table("folder", schema=None) as batch_op:
        batch_op.create_index("folder_by_rev", ["org_id", "rev", "crm_id"], unique=False)


def _link() -> None:
    op.create_table(
        "link",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("space_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("link_id", sa.String(), nullable=False),
        sa.Column("m365_id", sa.String(), nullable=True),
        sa.Column("crm_id", sa.String(), nullable=True),
        sa.Column("m365_version", sa.String(), nullable=False),
        sa.Column("crm_version", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("agreed_at", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "space_id", "kind", "link_id"),
        sa.UniqueConstraint("org_id", "space_id", "kind", "crm_id", name="uq_link_crm"),
        sa.UniqueConstraint("org_id", "space_id", "kind", "m365_id", name="uq_link_m365"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index("ix_link_crm", ["org_id", "crm_id"], unique=False)
        batch_op.create_index(
            "ix_link_due",
            ["org_id", "space_id", "kind", "due_at"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )


def _link_key() -> None:
    op.create_table(
        "link_key",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("space_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("link_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "space_id", "kind", "link_id", "key"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("link_key", schema=None) as batch_op:
        batch_op.create_index("ix_link_key", ["org_id", "space_id", "kind", "key"], unique=False)


def _match_key() -> None:
    op.create_table(
        "match_key",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("folded", sa.String(), nullable=False),
        sa.Column("crm_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "kind", "path", "folded", "crm_id"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("match_key", schema=None) as batch_op:
        batch_op.create_index("match_key_by_record", ["org_id", "kind", "crm_id", "path"], unique=False)


def _organisation() -> None:
    op.create_table(
        "organisation",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("users_may_edit", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("org_id"),
    )


def _run() -> None:
    op.create_table(
        "run",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("space_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("now", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("rules", sa.String(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("org_id", "run_id"),
    )
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index("ix_run_space", ["org_id", "space_id", "started"], unique=False)


def _team() -> None:
    op.create_table(
        "team",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("crm_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("sharing", sa.String(), nullable=False),
        sa.CheckConstraint("sharing IN ('none', 'read', 'edit')", name="team_sharing"),
        sa.PrimaryKeyConstraint("org_id", "crm_id"),
        sa.UniqueConstraint("org_id", "name_key", name="team_name"),
    )


def _tombstone() -> None:
    op.create_table(
        "tombstone",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("crm_id", sa.String(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("merged_into", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("gone_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("(verb = 'merged') = (merged_into IS NOT NULL)", name="tombstone_merged"),
        sa.CheckConstraint("verb IN ('deleted', 'merged')", name="tombstone_verb"),
        sa.PrimaryKeyConstraint("org_id", "kind", "crm_id"),
    )
    with op.batch_alter_table("tombstone", schema=None) as batch_op:
        batch_op.create_index("tombstone_by_rev", ["org_id", "kind", "rev", "crm_id"], unique=False)


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("crm_user_id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("upn", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.org_id"], name="fk_account_organisation"),
        sa.PrimaryKeyConstraint("org_id", "account_id"),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.create_index(
            "uq_account_anywhere",
            ["tenant_id", "account_id"],
            unique=True,
            sqlite_where=sa.text("status <> 'disconnected'"),
            postgresql_where=sa.text("status <> 'disconnected'"),
        )
        batch_op.create_index(
            "uq_account_owner",
            ["org_id", "crm_user_id"],
            unique=True,
            sqlite_where=sa.text("status <> 'disconnected'"),
            postgresql_where=sa.text("status <> 'disconnected'"),
        )


def _company() -> None:
    op.create_table(
        "company",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("crm_id", sa.String(), nullable=False),
        sa.Column("accountname", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("owner_id", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["org_id", "owner_id"], ["crm_user.org_id", "crm_user.crm_id"], name="company_owner"),
        sa.PrimaryKeyConstraint("org_id", "crm_id"),
    )
    with op.batch_alter_table("company", schema=None) as batch_op:
        batch_op.create_index("company_by_name", ["org_id", "name_key"], unique=False)
        batch_op.create_index("company_by_rev", ["org_id", "rev", "crm_id"], unique=False)


def _membership() -> None:
    op.create_table(
        "membership",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["org_id", "team_id"], ["team.org_id", "team.crm_id"], name="membership_team"),
        sa.ForeignKeyConstraint(["org_id", "user_id"], ["crm_user.org_id", "crm_user.crm_id"], name="membership_user"),
        sa.PrimaryKeyConstraint("org_id", "team_id", "user_id"),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index("membership_by_user", ["org_id", "user_id", "team_id"], unique=False)


def _setting() -> None:
    op.create_table(
        "setting",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("crm_user_id", sa.String(), nullable=False),
        sa.Column("rule_file", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.org_id"], name="fk_setting_organisation"),
        sa.PrimaryKeyConstraint("org_id", "crm_user_id", "rule_file", "name"),
    )


def _contact() -> None:
    op.create_table(
        "contact",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("crm_id", sa.String(), nullable=False),
        sa.Column("company_id", sa.String(), nullable=True),
        sa.Column("owner_id", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.String(), nullable=True),
        sa.Column("firstname", sa.String(), nullable=True),
        sa.Column("lastname", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("department", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("email2", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("mobile", sa.String(), nullable=True),
        sa.Column("homephone", sa.String(), nullable=True),
        sa.Column("otherphone", sa.String(), nullable=True),
        sa.Column("fax", sa.String(), nullable=True),
        sa.Column("assistant", sa.String(), nullable=True),
        sa.Column("mailingstreet", sa.String(), nullable=True),
        sa.Column("mailingstreet2", sa.String(), nullable=True),
        sa.Column("mailingcity", sa.String(), nullable=True),
        sa.Column("mailingstate", sa.String(), nullable=True),
        sa.Column("mailingzip", sa.String(), nullable=True),
        sa.Column("mailingcountry", sa.String(), nullable=True),
        sa.Column("otherstreet", sa.String(), nullable=True),
        sa.Column("otherstreet2", sa.String(), nullable=True),
        sa.Column("othercity", sa.String(), nullable=True),
        sa.Column("otherstate", sa.String(), nullable=True),
        sa.Column("otherzip", sa.String(), nullable=True),
        sa.Column("othercountry", sa.String(), nullable=True),
        sa.Column("birthday", sa.String(), nullable=True),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("includeinsync", sa.Boolean(), nullable=False),
        sa.Column("contacttype", sa.String(), nullable=True),
        sa.Column("greeting", sa.String(), nullable=True),
        sa.Column("assistantphone", sa.String(), nullable=True),
        sa.Column("assistant_email", sa.String(), nullable=True),
        sa.Column("do_not_email", sa.Boolean(), nullable=False),
        sa.Column("tps", sa.Boolean(), nullable=False),
        sa.Column("fps", sa.Boolean(), nullable=False),
        sa.Column("contactdetails_tags", sa.String(), nullable=True),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["org_id", "company_id"], ["company.org_id", "company.crm_id"], name="contact_company"),
        sa.ForeignKeyConstraint(["org_id", "owner_id"], ["crm_user.org_id", "crm_user.crm_id"], name="contact_owner"),
        sa.PrimaryKeyConstraint("org_id", "crm_id"),
    )
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.create_index("contact_by_company", ["org_id", "company_id"], unique=False)
        batch_op.create_index("contact_by_origin", ["org_id", "origin"], unique=True)
        batch_op.create_index("contact_by_owner", ["org_id", "owner_id"], unique=False)
        batch_op.create_index("contact_by_rev", ["org_id", "rev", "crm_id"], unique=False)


def _space() -> None:
    op.create_table(
        "space",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("space_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("next_tick_at", sa.BigInteger(), nullable=False),
        sa.Column("last_tick_at", sa.BigInteger(), nullable=True),
        sa.Column("last_result", sa.String(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "account_id"], ["account.org_id", "account.account_id"], name="fk_space_account"
        ),
        sa.PrimaryKeyConstraint("org_id", "space_id"),
    )
    with op.batch_alter_table("space", schema=None) as batch_op:
        batch_op.create_index(
            "ix_space_due",
            ["org_id", "next_tick_at"],
            unique=False,
            sqlite_where=sa.text("status = 'active'"),
            postgresql_where=sa.text("status = 'active'"),
        )


def _token_cache() -> None:
    op.create_table(
        "token_cache",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "account_id"], ["account.org_id", "account.account_id"], name="fk_token_cache_account"
        ),
        sa.PrimaryKeyConstraint("org_id", "account_id"),
    )


def _contact_folder() -> None:
    op.create_table(
        "contact_folder",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("folder_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("position >= 1", name="contact_folder_position"),
        sa.ForeignKeyConstraint(
            ["org_id", "contact_id"], ["contact.org_id", "contact.crm_id"], name="contact_folder_contact"
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "folder_id"], ["folder.org_id", "folder.crm_id"], name="contact_folder_folder"
        ),
        sa.PrimaryKeyConstraint("org_id", "contact_id", "folder_id"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("contact_folder", schema=None) as batch_op:
        batch_op.create_index("contact_folder_by_folder", ["org_id", "folder_id"], unique=False)


def _lease() -> None:
    op.create_table(
        "lease",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("space_id", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["org_id", "space_id"], ["space.org_id", "space.space_id"], name="fk_lease_space"),
        sa.PrimaryKeyConstraint("org_id", "space_id"),
        sqlite_with_rowid=False,
    )


def _share() -> None:
    op.create_table(
        "share",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("grantee_kind", sa.String(), nullable=False),
        sa.Column("grantee_id", sa.String(), nullable=False),
        sa.Column("access", sa.String(), nullable=False),
        sa.CheckConstraint("access IN ('read', 'edit')", name="share_access"),
        sa.CheckConstraint("grantee_kind IN ('team', 'user')", name="share_grantee"),
        sa.ForeignKeyConstraint(["org_id", "contact_id"], ["contact.org_id", "contact.crm_id"], name="share_contact"),
        sa.PrimaryKeyConstraint("org_id", "contact_id", "grantee_kind", "grantee_id"),
    )
    with op.batch_alter_table("share", schema=None) as batch_op:
        batch_op.create_index("share_by_grantee", ["org_id", "grantee_kind", "grantee_id", "contact_id"], unique=False)


def upgrade() -> None:
    _action()
    _base()
    _claim()
    _crm_clock()
    _crm_sequence()
    _crm_user()
    _feed()
    _folder()
    _link()
    _link_key()
    _match_key()
    _organisation()
    _run()
    _team()
    _tombstone()
    _account()
    _company()
    _membership()
    _setting()
    _contact()
    _space()
    _token_cache()
    _contact_folder()
    _lease()
    _share()
