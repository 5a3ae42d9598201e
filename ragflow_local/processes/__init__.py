"""Processes beside the engine's: how one is started, and how little it may do.

They read and render what may come from anywhere. What such a process does is the affair of the room
that starts it, by the name of a module that has ``main``; this one knows no file and no model.
"""
