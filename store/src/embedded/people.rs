//! Where each person's rows stand in a file: files are sorted by person, so one range each. Built from two columns at
//! the first look-up by person or team, and what makes such a look-up read those rows alone.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use arrow::array::{Array, AsArray, StringArray, StringBuilder};

use crate::Error;
use crate::rows::users;
use crate::sql::{Run, Selection};

pub(crate) struct PeopleIndex {
    users: StringArray,
    /// Where each person's rows start; one more for the end of the last.
    starts: Vec<u32>,
    /// By person.
    teams: Vec<Team>,
    names: HashMap<String, u32>,
}

#[derive(Clone, Copy, PartialEq)]
enum Team {
    None,
    One(u32),
    /// They changed teams within the day.
    Several,
}

impl PeopleIndex {
    /// From the columns user_id and, where the table has it, team_id of a whole file.
    pub fn build(run: Run) -> Result<PeopleIndex, Error> {
        let mut people = StringBuilder::new();
        let (mut starts, mut teams, mut names) = (Vec::new(), Vec::new(), HashMap::new());
        let mut current: Option<String> = None;
        let mut offset = 0u32;
        for batch in run {
            let batch = batch?;
            let users = users(&batch)?;
            let team_ids = batch.column_by_name("team_id").and_then(|c| c.as_string_opt::<i32>());
            let mut last_team: Option<(&str, Team)> = None;
            for row in 0..batch.num_rows() {
                let team = match team_ids {
                    Some(ids) if ids.is_valid(row) => match last_team {
                        Some((name, team)) if name == ids.value(row) => team,
                        _ => {
                            let next = names.len() as u32;
                            let team = Team::One(*names.entry(ids.value(row).to_owned()).or_insert(next));
                            last_team = Some((ids.value(row), team));
                            team
                        }
                    },
                    Some(_) => Team::None,
                    None => Team::Several,
                };
                let user = users.value(row);
                if current.as_deref() == Some(user) {
                    if let Some(known) = teams.last_mut()
                        && *known != team
                    {
                        *known = Team::Several;
                    }
                } else {
                    people.append_value(user);
                    starts.push(offset + row as u32);
                    teams.push(team);
                    current = Some(user.to_owned());
                }
            }
            offset += batch.num_rows() as u32;
        }
        starts.push(offset);
        Ok(PeopleIndex { users: people.finish(), starts, teams, names })
    }

    pub fn bytes(&self) -> usize {
        let names: usize = self.names.keys().map(|n| n.len() + 48).sum();
        self.users.get_array_memory_size() + self.starts.len() * 4 + self.teams.len() * size_of::<Team>() + names
    }

    /// Ascending, neighbours joined.
    pub fn ranges(&self, wanted: &Selection) -> Vec<Range<usize>> {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for person in self.matching(wanted) {
            let range = self.starts[person] as usize..self.starts[person + 1] as usize;
            match ranges.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => ranges.push(range),
            }
        }
        ranges
    }

    /// The people with any row that may be wanted.
    pub fn people(&self, wanted: &Selection) -> impl Iterator<Item = &str> {
        self.matching(wanted).into_iter().map(|person| self.users.value(person))
    }

    fn matching(&self, wanted: &Selection) -> Vec<usize> {
        let teams: Option<HashSet<u32>> =
            wanted.teams.as_ref().map(|teams| teams.iter().filter_map(|t| self.names.get(t).copied()).collect());
        let in_team = |person: &usize| match (&teams, self.teams[*person]) {
            (None, _) | (_, Team::Several) => true,
            (Some(teams), Team::One(team)) => teams.contains(&team),
            (Some(_), Team::None) => false,
        };
        let Some(users) = &wanted.users else { return (0..self.users.len()).filter(in_team).collect() };
        let mut found = Vec::new();
        let mut from = 0;
        for user in users {
            from = self.find(from, user);
            if from < self.users.len() && self.users.value(from) == user {
                found.extend(Some(from).filter(in_team));
                from += 1;
            }
        }
        found
    }

    /// The first person at or after `user`, not before `from`: steps that double, then halves.
    fn find(&self, from: usize, user: &str) -> usize {
        let count = self.users.len();
        let (mut low, mut step) = (from, 1);
        while low + step < count && self.users.value(low + step) < user {
            low += step;
            step *= 2;
        }
        let mut high = (low + step).min(count);
        while low < high {
            let middle = (low + high) / 2;
            if self.users.value(middle) < user { low = middle + 1 } else { high = middle }
        }
        low
    }
}
