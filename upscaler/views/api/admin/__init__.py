"""Operations for admins, below ``/api/v1/admin``."""
