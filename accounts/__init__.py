"""Staff accounts: invitations, sign-in, sessions and roles."""
