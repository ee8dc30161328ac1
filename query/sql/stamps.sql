-- What tells whether a local day has other rows than before: versions only grow, rows come and go. $1, $2: first and last day.
SELECT day, count(*) AS rows, sum(version % 1000000007) AS versions
FROM user_daily
WHERE day >= CAST($1 AS DATE) AND day <= CAST($2 AS DATE)
GROUP BY day
