"""What is to be known of data before a minute is spent on them: one kind of finding a file."""
