"""Models as graphs of other runtimes: exported by one process, kept on disk, loaded and checked by another."""
