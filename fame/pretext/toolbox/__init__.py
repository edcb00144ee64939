"""Parts that pretext methods are composed of, in rooms; here, what belongs to no room."""
