"""Energy, money, greenhouse gas and water of what was measured; enter at `commands.add_parser`."""
