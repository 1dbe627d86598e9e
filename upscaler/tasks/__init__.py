"""The queue, and the tasks of a worker."""
