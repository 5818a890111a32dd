"""Reports of a run: terminal, JSON, JUnit, one page of HTML."""
