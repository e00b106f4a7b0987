"""From a study's figures to a page, pictures and files."""
