"""Code generation: a checked rule set becomes ``ast`` nodes that carry rule positions, compiled to a Program."""
