"""The only package that speaks SQL; one owner process, one writer thread."""
