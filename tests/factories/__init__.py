"""One factory per table: a function that stores a valid row and returns it.

Each takes the session, then the values that a test cares about; everything else has a usual value. Rows that the
new one refers to are made too, unless they are given.
"""

from tests.factories.accounts import PASSWORD, PASSWORD_HASH, new_account
from tests.factories.audit_logs import new_audit_log
from tests.factories.batches import new_batch, new_batch_item
from tests.factories.credentials import new_account_key, new_token_session
from tests.factories.deliveries import new_delivery
from tests.factories.idempotency_records import new_idempotency_record
from tests.factories.jobs import job_columns, new_job, new_job_log
from tests.factories.models import new_model
from tests.factories.pending_files import new_pending_file
from tests.factories.previews import new_preview
from tests.factories.settings import new_setting
from tests.factories.uploads import new_upload
from tests.factories.workers import new_worker

__all__ = [
    "PASSWORD",
    "PASSWORD_HASH",
    "job_columns",
    "new_account",
    "new_account_key",
    "new_audit_log",
    "new_batch",
    "new_batch_item",
    "new_delivery",
    "new_idempotency_record",
    "new_job",
    "new_job_log",
    "new_model",
    "new_pending_file",
    "new_preview",
    "new_setting",
    "new_token_session",
    "new_upload",
    "new_worker",
]
