"""Forms of `customers`: what a page asks for, cut down to what the user may write."""
