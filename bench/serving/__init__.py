"""The generated service beside every server that a team might have taken instead. See the README one folder up."""
