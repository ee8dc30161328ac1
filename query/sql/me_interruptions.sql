-- One person's interruptions. $1: person, $2, $3: from and to (excluded), UTC milliseconds; $4: at most.
SELECT message_id, ts, channel, kind, in_focus_by, attended, lag_ms, load, final
FROM interruptions
WHERE user_id = $1 AND ts >= to_timestamp_millis($2) AND ts < to_timestamp_millis($3)
ORDER BY ts, message_id
LIMIT $4
