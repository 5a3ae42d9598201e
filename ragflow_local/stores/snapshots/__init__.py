"""Published snapshots of a project, which many readers fetch, through ``pyarrow.fs``.

    HEAD                              number and hash of the newest manifest; written last
    snapshots/<number>-<sha256>.json  a manifest: what a snapshot consists of, and its hashes
    contents/<sha256>                 its list of pages, packs, files and pictures
    packs/<sha256>                    some hundred pages of 4 KiB of a catalog, compressed
    files/<sha256>                    the bytes that were added
    images/<sha256>                   pictures that belong to chunks

All but HEAD is named by what it is, and never changed. So a snapshot shares with the one before it
what they have in common, and whoever reads one that was named by HEAD finds all of it, whatever is
published meanwhile.

    objects      bytes under a name, in a folder or a bucket
    manifest     what the objects say: typed, bounded, and compared with their names
    pages        pages of a catalog, and packs of them
    publishing   a snapshot of a project, and what it shares with the last
    collecting   what no snapshot needs any more
    fetching     a snapshot to a directory
    fetched      the directory of fetched snapshots
"""
