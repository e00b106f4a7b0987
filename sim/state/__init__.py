"""What the world is made of: arrays, with unit and shape written once, at the field."""
