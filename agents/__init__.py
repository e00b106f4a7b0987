"""Who acts: one file per kind of actor, with its rule."""
