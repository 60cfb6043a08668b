"""Links have identities: what the copies of one meeting in several mailboxes share."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _link() -> None:
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.add_column(sa.Column("identity", sa.String(), nullable=True))
        there = sa.text("identity IS NOT NULL")
        batch_op.create_index(
            "ix_link_identity", ["org_id", "kind", "identity"], unique=False, sqlite_where=there, postgresql_where=there
        )


def upgrade() -> None:
    _link()
