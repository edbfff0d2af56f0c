"""Reports: what is said, as a document of plain parts; and its writers, one file for each format."""
