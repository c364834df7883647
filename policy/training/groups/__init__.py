"""Policies for contracts of version 2, for any robot: data, network, training, export."""
