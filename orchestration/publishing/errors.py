"""What can go wrong with a publication. The last publication stays in place in every case."""


class PublishError(Exception):
    """Nothing was published; the message names the table, the column and what to do."""


class DisclosureError(PublishError):
    """A mart can't be published because `disclosure.yml` doesn't say, or no longer says, what in it is to be hidden."""
