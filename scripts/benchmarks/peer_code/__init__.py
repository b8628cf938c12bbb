"""What runs in the peers' own environments; nothing here imports, or is imported by, anything of ours."""
