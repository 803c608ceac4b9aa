"""Officers of missions: which open emergencies are their district's, how they are told, and how they join."""
