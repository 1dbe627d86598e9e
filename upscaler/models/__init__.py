"""The tables. Importing this package registers all of them on one metadata, Flask-AppBuilder's own included."""

from upscaler.models.access import AccountKey, KeptAnswer, TokenSession
from upscaler.models.batch import Batch, BatchItem
from upscaler.models.delivery import Delivery, DeliveryKind, DeliveryStatus
from upscaler.models.job import ENDED, MOVES, Job, JobLog, JobStatus, Priority
from upscaler.models.operations import AuditLog, NetworkModel, Setting, Worker
from upscaler.models.pending_file import PendingFile
from upscaler.models.preview import Preview
from upscaler.models.types import iso8601, utcnow
from upscaler.models.upload import Upload
from upscaler.models.user import ADMIN_ROLE, USER_ROLE, Account, Role

__all__ = [
    "ADMIN_ROLE",
    "ENDED",
    "MOVES",
    "USER_ROLE",
    "Account",
    "AccountKey",
    "AuditLog",
    "Batch",
    "BatchItem",
    "Delivery",
    "DeliveryKind",
    "DeliveryStatus",
    "Job",
    "JobLog",
    "JobStatus",
    "KeptAnswer",
    "NetworkModel",
    "PendingFile",
    "Preview",
    "Priority",
    "Role",
    "Setting",
    "TokenSession",
    "Upload",
    "Worker",
    "iso8601",
    "utcnow",
]
