"""Previews: a small piece of a picture through each preset, within seconds, whatever else the workers are busy with."""
