"""How the program speaks to the network: one client, safe downloads, one pace per chat."""
