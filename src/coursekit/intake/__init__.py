"""From any file that arrives to the sheet that is run: read, matched, put into the master."""
