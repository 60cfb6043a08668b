"""Tasks and task lists; shares are of any kind of record"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _task_list() -> None:
    op.create_table(
        "task_list",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("crm_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("in_planner", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("NOT (own AND in_planner)", name="task_list_origin"),
        sa.PrimaryKeyConstraint("org_id", "crm_id"),
    )
    with op.batch_alter_table("task_list", schema=None) as batch_op:
        batch_op.create_index("task_list_by_name", ["org_id", "name_key"], unique=False)


def _activity() -> None:
    op.create_table(
        "activity",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("crm_id", sa.String(), nullable=False),
        sa.Column("list_id", sa.String(), nullable=True),
        sa.Column("owner_id", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.String(), nullable=True),
        sa.Column("activitytype", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("taskstatus", sa.String(), nullable=True),
        sa.Column("taskpriority", sa.String(), nullable=True),
        sa.Column("date_start", sa.String(), nullable=True),
        sa.Column("due_date", sa.String(), nullable=True),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("date_end", sa.String(), nullable=True),
        sa.Column("allday", sa.Boolean(), nullable=False),
        sa.Column("location", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["org_id", "list_id"], ["task_list.org_id", "task_list.crm_id"], name="activity_list"),
        sa.ForeignKeyConstraint(["org_id", "owner_id"], ["crm_user.org_id", "crm_user.crm_id"], name="activity_owner"),
        sa.PrimaryKeyConstraint("org_id", "crm_id"),
    )
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.create_index("activity_by_list", ["org_id", "list_id"], unique=False)
        batch_op.create_index("activity_by_origin", ["org_id", "origin"], unique=True)
        batch_op.create_index("activity_by_owner", ["org_id", "owner_id"], unique=False)
        batch_op.create_index("activity_by_rev", ["org_id", "rev", "crm_id"], unique=False)


def _task_list_viewer() -> None:
    op.create_table(
        "task_list_viewer",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "list_id"], ["task_list.org_id", "task_list.crm_id"], name="task_list_viewer_list"
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "user_id"], ["crm_user.org_id", "crm_user.crm_id"], name="task_list_viewer_user"
        ),
        sa.PrimaryKeyConstraint("org_id", "list_id", "user_id"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("task_list_viewer", schema=None) as batch_op:
        batch_op.create_index("task_list_viewer_by_user", ["org_id", "user_id", "list_id"], unique=False)


def _activity_user() -> None:
    op.create_table(
        "activity_user",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("activity_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "activity_id"], ["activity.org_id", "activity.crm_id"], name="activity_user_activity"
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "user_id"], ["crm_user.org_id", "crm_user.crm_id"], name="activity_user_user"
        ),
        sa.PrimaryKeyConstraint("org_id", "activity_id", "user_id"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("activity_user", schema=None) as batch_op:
        batch_op.create_index("activity_user_by_user", ["org_id", "user_id", "activity_id"], unique=False)


def _share() -> None:
    """The key changes, so the table is made anew; until now all shares were of contacts."""
    columns = ("org_id", "kind", "crm_id", "grantee_kind", "grantee_id", "access")
    held = sa.text("SELECT org_id, 'Contact', contact_id, grantee_kind, grantee_id, access FROM share")
    rows = [dict(zip(columns, row, strict=True)) for row in op.get_bind().execute(held)]
    op.drop_table("share")
    made = op.create_table(
        "share",
        *(sa.Column(name, sa.String(), nullable=False) for name in columns),
        sa.CheckConstraint("grantee_kind IN ('team', 'user')", name="share_grantee"),
        sa.CheckConstraint("access IN ('read', 'edit')", name="share_access"),
        sa.PrimaryKeyConstraint("org_id", "kind", "crm_id", "grantee_kind", "grantee_id"),
    )
    op.create_index("share_by_grantee", "share", ["org_id", "grantee_kind", "grantee_id", "kind", "crm_id"])
    op.bulk_insert(made, rows)


def upgrade() -> None:
    _task_list()
    _activity()
    _task_list_viewer()
    _activity_user()
    _share()
