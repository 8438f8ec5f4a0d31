"""Camera moves and painted motion: a picture is warped along a path, and what it uncovers is left to the model."""
