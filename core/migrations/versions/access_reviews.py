"""who may look and who has looked: restricted cases, break-glass, reviews of the access log, runs of the retention"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "access_reviews"
down_revision = "drills"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.add_column("cases", sa.Column("restricted_to", sa.ARRAY(sa.BigInteger()), comment="who alone may see it, beside its owner and participants"))
    op.create_table(
        "restrictions",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), comment="sealed; context restrictions.reason; null once its time is over"),
        sa.Column("set_by", sa.BigInteger(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("lifted_by", sa.BigInteger()),
        sa.Column("lifted_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("(lifted_by IS NULL) = (lifted_at IS NULL)", name=op.f("ck_restrictions_lifted")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_restrictions_conversation_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restrictions")),
    )
    op.create_index("uq_restrictions_standing", "restrictions", ["conversation_id"], unique=True, postgresql_where=sa.text("lifted_at IS NULL"))
    op.create_table(
        "glass_openings",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), comment="sealed; context glass_openings.reason; null once its time is over"),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_by", sa.BigInteger()),
        sa.Column("seen_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("ends_at > opened_at", name=op.f("ck_glass_openings_order")),
        sa.CheckConstraint("(seen_by IS NULL) = (seen_at IS NULL)", name=op.f("ck_glass_openings_seen")),
        sa.CheckConstraint("seen_by IS DISTINCT FROM staff_id OR seen_by IS NULL", name=op.f("ck_glass_openings_second_person")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_glass_openings_case_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_glass_openings")),
    )
    op.create_index("ix_glass_openings_case_id", "glass_openings", ["case_id", "staff_id", "ends_at"])
    op.create_index("ix_glass_openings_unseen", "glass_openings", ["opened_at"], postgresql_where=sa.text("seen_at IS NULL"))
    op.create_table(
        "access_reviews",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("reviewed_by", sa.Text(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.CheckConstraint("reviewed_by <> account", name=op.f("ck_access_reviews_second_person")),
        sa.PrimaryKeyConstraint("month", "account", name=op.f("pk_access_reviews")),
    )
    op.create_table(
        "access_log_starts",
        sa.Column("after_id", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("after_id", name=op.f("pk_access_log_starts")),
    )
    op.create_table(
        "retention_runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased", postgresql.JSONB(), nullable=False, comment="rows by class"),
        sa.Column("failed", postgresql.JSONB(), server_default="{}", nullable=False, comment="kind of error by class; such a class is tried again"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_runs")),
    )
    op.create_index("ix_retention_runs_ended_at", "retention_runs", ["ended_at"])
    op.create_index("ix_access_log_at", "access_log", ["at"])
    op.create_index("ix_access_log_case_id", "access_log", ["case_id", "id"], postgresql_where=sa.text("case_id IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_access_log_case_id", "access_log")
    op.drop_index("ix_access_log_at", "access_log")
    for table in ("retention_runs", "access_log_starts", "access_reviews", "glass_openings", "restrictions"):
        op.drop_table(table)
    op.drop_column("cases", "restricted_to")
