-- One person's focus blocks. $1: person, $2, $3: from and to (excluded), UTC milliseconds; $4: at most.
SELECT start_ts, end_ts, focus_ms, deep, interruptions, final
FROM focus_blocks
WHERE user_id = $1 AND start_ts >= to_timestamp_millis($2) AND start_ts < to_timestamp_millis($3)
ORDER BY start_ts
LIMIT $4
