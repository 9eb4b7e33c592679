"""Work on many images: what the window does to one, done to folders."""
