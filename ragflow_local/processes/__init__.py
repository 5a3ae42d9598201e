"""Starts, sandboxes and ends processes beside the engine's own.

They read and render what may come from anywhere. What such a process does is the affair of the room
that starts it, by the name of a module that has ``main``; this one knows no file and no model.
"""
