"""which mission answers for which part of a country, dated and with its source"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "jurisdiction"
down_revision = "editing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mission_competences",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("mission", sa.Text(), nullable=False),
        sa.Column("regions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("box", sa.ARRAY(sa.Float()), server_default="{}", nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('district', 'accreditation')", name=op.f("ck_mission_competences_kind")),
        sa.CheckConstraint("confidence IN ('O', 'N', 'K')", name=op.f("ck_mission_competences_confidence")),
        sa.CheckConstraint("cardinality(box) IN (0, 4)", name=op.f("ck_mission_competences_box")),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_mission_competences_dates_in_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mission_competences")),
    )
    op.create_index("ix_mission_competences_country", "mission_competences", ["country"], postgresql_where=sa.text("replaced_at IS NULL"))


def downgrade() -> None:
    op.drop_table("mission_competences")
