"""What can go wrong around the sample app."""


class SampleError(Exception):
    """The sample app could not be made, altered or looked at; the text says what PostgreSQL said."""
