# A batch of events in JSON: what was viewed in a session, each with an id of its own.
visit() { # session, items
  local events=() item
  for item in "${@:2}"; do
    events+=("{\"event_id\": \"$(cat /proc/sys/kernel/random/uuid)\", \"session_id\": \"$1\", \"item_viewed\": {\"item_id\": \"$item\"}}")
  done
  local IFS=,
  echo "{\"events\": [${events[*]}]}"
}
