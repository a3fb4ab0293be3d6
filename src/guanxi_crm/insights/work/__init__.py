"""What jobs of `insights` do: the only modules of this app that import the mine. No web server imports them."""
