"""The tables. Importing this package registers all of them on one metadata, Flask-AppBuilder's own included."""

from upscaler.models.api_key import AccountKey
from upscaler.models.audit_log import AuditLog
from upscaler.models.batch import Batch, BatchItem
from upscaler.models.delivery import Delivery, DeliveryKind, DeliveryStatus
from upscaler.models.idempotency_record import IdempotencyRecord
from upscaler.models.job import ENDED, TRANSITIONS, Job, JobLog, JobStatus, Priority
from upscaler.models.model_record import ModelRecord
from upscaler.models.pending_file import PendingFile
from upscaler.models.preview import Preview
from upscaler.models.setting import Setting
from upscaler.models.token_session import TokenSession
from upscaler.models.types import iso8601, utcnow
from upscaler.models.upload import Upload
from upscaler.models.user import ADMIN_ROLE, USER_ROLE, Account, Role, folded
from upscaler.models.worker import Worker

__all__ = [
    "ADMIN_ROLE",
    "ENDED",
    "TRANSITIONS",
    "USER_ROLE",
    "Account",
    "AccountKey",
    "AuditLog",
    "Batch",
    "BatchItem",
    "Delivery",
    "DeliveryKind",
    "DeliveryStatus",
    "IdempotencyRecord",
    "Job",
    "JobLog",
    "JobStatus",
    "ModelRecord",
    "PendingFile",
    "Preview",
    "Priority",
    "Role",
    "Setting",
    "TokenSession",
    "Upload",
    "Worker",
    "folded",
    "iso8601",
    "utcnow",
]
