"""The HTTP server: waitress, with deadlines, minimum rates and limits on connections.

An event loop receives requests and sends responses; a thread runs the application only between the two. So clients
that are slow, silent or do not read occupy a socket and nothing else, until they are cut off.
"""
