"""Which mission is competent for a place: outlines, dated tables of districts and accreditations, and one pure decision."""
