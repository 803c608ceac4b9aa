"""surge mode: its switches"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "surge"
down_revision = "guarding"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "surge_switches",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("opening", sa.Text(), server_default="", nullable=False, comment="what every citizen reads first"),
        sa.Column("notice_id", sa.Text(), comment="the notice that is pinned to it"),
        sa.Column("incident_id", sa.BigInteger(), comment="whose cases have a lane of their own"),
        sa.Column("switched_by", sa.BigInteger(), nullable=False),
        sa.Column("switched_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("NOT is_on OR opening <> ''", name=op.f("ck_surge_switches_opening")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_surge_switches_incident_id_incidents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surge_switches")),
    )


def downgrade() -> None:
    op.drop_table("surge_switches")
