"""The texts of the catalogue, a module per hundred; ``engine.language.codes`` joins them."""
