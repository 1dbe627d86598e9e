"""What only admins may do, below ``/api/v1/admin``."""
