"""Runs migrations on the connection that `migrate` opened and locked; it also commits them."""

from __future__ import annotations

from alembic import context

from helpdesk.adapters.store.models import METADATA

# SQLite cannot change a column in place: batch mode copies the table.
context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True)
context.run_migrations()
