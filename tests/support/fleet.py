"""Settings of the hosts of a fleet: addresses of PostgreSQL, Redis and the bucket, and the shared secrets."""

from __future__ import annotations

from tests.support.s3 import FLEET_BUCKET, SERVICE_KEY, S3Server

PRODUCTION = {
    "FLASK_ENV": "production",
    "ACCEPTED_RISKS": "plain_http, open_redis, no_limits",
    "SECRET_KEY": "the-same-on-every-host-of-the-fleet",
    "ADMIN_SEED_PASS": "not the one of the example",
    "RATE_LIMIT": "off",
    "ENGINE": "lanczos",
    "LOG_FORMAT": "json",
}


def fleet_settings(s3: S3Server, database_url: str, redis_url: str) -> dict[str, str]:
    """Return the settings of a fleet whose bucket is empty now.

    The service may use the bucket and cannot make one, as in docker/compose.yml.
    """
    bucket = s3.empty_bucket(FLEET_BUCKET, access_key_id=SERVICE_KEY)
    return {**PRODUCTION, **s3.environment(bucket), "DATABASE_URL": database_url, "REDIS_URL": redis_url}
