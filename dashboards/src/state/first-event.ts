/** A command to paste into a shell: five minutes of somebody's editor, just over. */
export function firstEvent(origin: string, now: Date): string {
  const event = {
    id: `hello-${Math.floor(now.getTime() / 1000)}`,
    type: 'activity',
    user: 'you',
    ts: new Date(now.getTime() - 300_000).toISOString(),
    app: 'editor',
    category: 'coding',
    duration_ms: 300_000,
  };
  return [
    `curl ${origin}/v1/events \\`,
    `  -H "Authorization: Bearer $FOCUSFLOW_TOKEN" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '${JSON.stringify(event, null, 2).replace(/\n/g, '\n      ').replace(/\s+}$/, ' }').replace(/^{\s+/, '{ ')}'`,
  ].join('\n');
}
