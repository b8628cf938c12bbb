"""Parts of the documents that are written from the templates and from the command line, so that they say what is so."""
