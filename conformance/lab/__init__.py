"""A private Postfix, its traffic and its figures: what the real smtp(8) makes of an scache."""
