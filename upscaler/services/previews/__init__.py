"""Previews: a small piece of an image through each preset, within seconds, whatever else the workers are busy with."""
