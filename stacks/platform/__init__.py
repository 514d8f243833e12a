"""What every project is built of: settings, components, references to other stacks, providers, tags, protection."""
