"""What a person reads on the terminal: progress, the summary of a build, the state of the warehouse."""
