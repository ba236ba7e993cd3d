// Sets the theme before the first paint.
