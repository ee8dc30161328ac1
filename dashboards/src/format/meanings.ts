/**
 * What each number on the page means, in plain words after schemas' definitions (version 1). Constants named here are the
 * defaults; a change of a definition changes the text here too.
 */
export type Meaning = { title: string; text: string[] };

export const MEANINGS = {
  in_focus: {
    title: 'In focus now',
    text: [
      'People who are inside a focus session, or who have kept to focus work (coding, writing, design, data, learning) for at least five minutes with no break longer than two.',
      'Active are those with any activity in the last minutes. Only counts are shown: the dots are sorted by kind, so no dot is anybody.',
    ],
  },
  interruption_score: {
    title: 'Interruption score',
    text: [
      'How heavily messages weigh on focus, from 0 to 100. Each message that reaches someone in focus adds a load: a call more than a mention, a mention more than a channel message, and more the longer it takes to get back into focus.',
      'The load is set against the hours in focus. Four mentions an hour, each attended to at once, are about 50.',
      'Words: calm under 15, steady under 35, busy under 55, hectic under 75, stormy from there. Shown is the middle person of the group.',
    ],
  },
  focus_ms: {
    title: 'Focus time',
    text: [
      'Time spent active in a focus category: coding, writing, design, data or learning. Time away from the keyboard does not count, nor do meetings and messages.',
      'A meter for protecting time, not for judging people: some good days hold little of it.',
    ],
  },
  meeting_ms: {
    title: 'Meetings',
    text: ['Time in meeting applications or in meeting sessions. What overlaps counts once.'],
  },
  switches: {
    title: 'Switches',
    text: [
      'Changes from one application to another, counted only when each was used for at least ten seconds and the gap between them is at most a minute, so that brief glances do not count.',
    ],
  },
  interruptions: {
    title: 'Interruptions',
    text: ['Messages with a notification that arrived while the person was in focus. Messages at other times interrupt nothing and do not count.'],
  },
  focus_score: {
    title: 'Focus score',
    text: [
      'A day from 0 to 100: focus time (up to four hours) makes 40 points, unbroken stretches (up to 45 minutes) 30, few interruptions 20, and completed focus sessions 10.',
      'Not given on a day with less than half an hour of activity.',
    ],
  },
  day: {
    title: 'Through the day',
    text: [
      'The day in windows of five minutes. The area is focus time of the average active person in a window, at most five minutes; the bars are interruptions per person.',
      'Hatched stretches have too few active people to be shown.',
    ],
  },
  week: {
    title: 'The usual week',
    text: [
      'The last 28 days laid over one another, hour by hour. Focus share is focus time out of active time; the interruption score is the mean of the five-minute windows.',
      'Empty cells had too few people, or nobody active.',
    ],
  },
  burnout: {
    title: 'Burnout risk',
    text: [
      'How much the last 28 days look like those that wear people out: long weeks, evenings and days off, short nights, meetings, interruptions, less and less focus, long and uneven days, no day of rest, and the mood you tell in check-ins. Each counts with a weight, fixed or learned from answers (How often it is wrong has them); together they make a number from 0 to 100 %. Low is under 30 %, high from 55 %.',
      'The band says how much it hangs on single days: in nine of ten cases other days like these would have given a risk within it. It does not say how often the model is wrong.',
      'It is counted anew when a day is over. No feature comes from what people write in messages, type or look like. Models like this are weak about single people: take it as a question, not as an answer. Under your name it is shown to you alone; who is allowed to do statistics sees it under a pseudonym.',
    ],
  },
  advice: {
    title: 'Advice',
    text: [
      'Comparisons of your own last six weeks with themselves: hours with hours, half-days with half-days, days with days. Nobody else is in them, and nobody else sees them.',
      'A difference is told only when dealing your days anew at random would give one like it less than once in a hundred times, and when it is large enough to matter. It says what went together, not what caused what: try it, and look again.',
      'What you find not useful is not shown for 90 days. It is counted by kind, without your name, so that bad advice can be found and mended.',
    ],
  },
  team_burnout: {
    title: 'Strain of a group',
    text: [
      'How many people of the group are at which level of burnout risk, counted from their last 28 days. Who they are is told to nobody: each person sees their own on My day.',
      'An estimate from work patterns. It is about how much the work asks of the group, and no ground to look for single people.',
    ],
  },
  outlook: {
    title: 'The next two weeks',
    text: [
      'A level that follows your last weeks, with what each weekday usually adds. The line in the band is what to expect of a day; eight of ten days are meant to lie within the band. It is about days that you work: time off is not foreseen.',
      'It is tried on your own past: from each past day on, the days that followed are foreseen with what was known then. Where the same weekday last week would have been as good, that is shown instead.',
      'Counted from your own days alone, up to yesterday. Nobody else sees this page.',
    ],
  },
  load: {
    title: 'Interruption load',
    text: [
      'What the interruptions of a day add up to: each message that reached you in focus, by its kind (a call 3, a direct message 1.5, a mention 1.2, a channel message 0.5, mail 0.4), and more the longer it took to get back into focus.',
    ],
  },
  changes: {
    title: 'What changed',
    text: [
      'Levels that shifted and stayed so for two weeks of workdays or more, with the middle workday before and after; the day is about right, not exact. And single workdays of the last four weeks that were beyond anything in the eight weeks before.',
      'Compared with yourself alone. Small changes are not told, and few are told where nothing changed: of 200 made-up people with steady days, one was told of an unusual day and none of a change.',
    ],
  },
  weeks: {
    title: 'Kinds of weeks',
    text: [
      'A clock hour counts when it held ten minutes of activity on two workdays of the week. Long is a week with more such hours than your working hours have, and one; always on, one with 13 or more. Breaks are empty clock hours between the first and the last.',
      'With breaks or without, early or late: none is better by itself. Weeks with fewer than three workdays are not told.',
    ],
  },
  privacy: {
    title: 'What this page can and cannot show',
    text: [
      'Figures are of groups. Below the smallest permitted number of people nothing is shown, and neither is anything that could be worked out by taking one figure from another.',
      'There is no list of people here and no ranking. A small team is shown as part of the unit above it. What is about one person stands on that person\'s own page.',
    ],
  },
} as const satisfies Record<string, Meaning>;

export type MeaningKey = keyof typeof MEANINGS;
