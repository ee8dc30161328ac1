-- One person's burnout risk by day. $1: person, $2, $3: first and last day.
SELECT day, risk, risk_low, risk_high, level, status, model, active_days, features, final
FROM burnout_risk
WHERE user_id = $1 AND day >= CAST($2 AS DATE) AND day <= CAST($3 AS DATE)
ORDER BY day
