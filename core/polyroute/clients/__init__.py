"""Agents and other programs that run models through the pass-through: what each one needs, and how it is started."""
