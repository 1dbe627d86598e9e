#!/usr/bin/env sh
# Make the secrets that compose.yml names, each of them random, in docker/secrets or in the folder given. What is there
# already is kept.
set -eu
folder=${1:-$(dirname "$0")/secrets}

random() {
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}

# keep NAME VALUE
keep() {
    [ -e "$folder/$1" ] || printf '%s' "$2" >"$folder/$1"
    # The services' users differ from the one that owns the files, and each sees only its own files. On the host the
    # folder keeps everybody else out.
    chmod 644 "$folder/$1"
}

mkdir -p "$folder"
chmod 700 "$folder"
keep secret_key "$(random)"
keep admin_seed_pass "$(random)"
keep database_password "$(random)"
keep database_url "postgresql://upscaler:$(cat "$folder/database_password")@postgresql:5432/upscaler"
keep redis_password "$(random)"
keep redis_url "redis://:$(cat "$folder/redis_password")@redis:6379/0"
keep s3_access_key_id "$(random)"
keep s3_secret_access_key "$(random)"
keep s3_identities "{\"identities\": [{\"name\": \"upscaler\", \"credentials\": [{\
\"accessKey\": \"$(cat "$folder/s3_access_key_id")\", \"secretKey\": \"$(cat "$folder/s3_secret_access_key")\"}],\
 \"actions\": [\"Read:images\", \"Write:images\", \"List:images\"]}]}"
echo "The secrets are in $folder. The first admin's password: $folder/admin_seed_pass"
