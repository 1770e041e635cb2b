"""Why AWS says no: facts gathered at the edge, and one pure check for each thing that a bare 403 hides."""
