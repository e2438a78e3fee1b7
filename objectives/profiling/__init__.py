"""The development rows in pictures, on one page of HTML: start with `profile.page`."""
