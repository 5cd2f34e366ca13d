"""Pictures as bytes and files: checked, fitted, written, and drawn where no vendor paints."""
