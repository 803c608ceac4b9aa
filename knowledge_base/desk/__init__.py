"""The editors' page at ``/kb``: notices, their preview and test questions, versions, imports, and what has no answer yet."""
