"""A bench that says whether an scache is right: any scache, this project's or a real Postfix's."""
