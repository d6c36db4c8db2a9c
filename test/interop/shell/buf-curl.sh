#!/usr/bin/env bash
# Calls Palate with `buf curl`, which learns every method by reflection: buf-curl.sh ADDRESS PHOTO [UNREADY-ADDRESS]
# The second address is of a server that refuses at first; the test of this program brings one.
set -euo pipefail
address=$1 photo=$2 unready=${3:-}
ingest=palate.ingest.v1.IngestService
recommendation=palate.recommendation.v1.RecommendationService
source "$(dirname "$0")/visits.sh"

# Requests come from standard input, one after the other. On the HTTP port it speaks Connect: leave out both options and
# give it the contracts by --schema.
call() {
  local url="http://$1"
  buf curl --protocol grpc --http2-prior-knowledge -H 'palate-tenant: buf' -d @- "${@:2}" "$url" 2>&1
}

echo '== published: three visits on one stream, and the first again, which is recognised by the ids of its events'
first=$(visit s1 apple bread cheese)
{ echo "$first"; visit s2 apple bread; visit s3 apple; echo "$first"; } | call "$address/$ingest/PublishStream"

echo '== recommended'
echo '{"placement": "home", "session_id": "s3"}' | call "$address/$recommendation/Recommend"

echo '== scored: bytes are base64 in JSON'
echo "{\"user_id\": \"ada\", \"image_bytes\": \"$(base64 -w0 "$photo")\"}" |
  call "$address/palate.scoring.v1.ScoringService/Score"

echo '== refused: on gRPC the details come in base64; the exit code is 8 times the status code'
echo '{"limit": 5000}' | call "$address/$recommendation/Recommend" || echo "{\"exit\": $?}"

echo '== deadline: the journal has no end, so the call ends with its time'
echo '{"after_sequence": 1}' | call "$address/$ingest/Subscribe" --timeout 500ms || echo "{\"exit\": $?}"

echo '== cancelled: by Ctrl-C, which `timeout` presses here'
echo '{}' | timeout --signal=INT 1 buf curl --protocol grpc --http2-prior-knowledge -d @- \
  "http://$address/$ingest/Subscribe" || echo "{\"exit\": $?}"

[ -n "$unready" ] || exit 0
echo '== retried: not by itself; what was refused with UNAVAILABLE (8 * 14) was not carried out'
for _ in 1 2 3 4; do
  echo '{"placement": "home", "session_id": "buf"}' | call "$unready/$recommendation/Recommend" && break
  [ $? = 112 ] && sleep 0.05
done
