//! A day of very many people through the stages of a cluster, with the costs that were measured: which stage is full first,
//! how late figures get at the peak, and what outages leave behind.
//!
//! Each person is hashed to a partition as Kafka does it, so partitions are as uneven as they will be. Time goes in steps; a
//! partition's events wait in a queue that its one owner works off, at most with one core, and all together as fast as the
//! store takes their rows.

use crate::Result;

const STEP_S: f64 = 5.0;
const DAY_S: f64 = 86_400.0;
/// Where people are: hours before or after UTC, and their part of all.
const REGIONS: [(f64, f64); 5] = [(-8.0, 0.12), (-5.0, 0.23), (1.0, 0.35), (5.5, 0.2), (8.0, 0.1)];
/// Events of a person in the hours of their day, as a multiple of the mean of a working hour: many at nine, few at noon.
const HOURS: [f64; 24] = [
    0.02, 0.01, 0.01, 0.01, 0.02, 0.05, 0.2, 0.6, 1.3, 1.8, 1.4, 1.2, 0.6, 1.0, 1.3, 1.2, 1.0, 0.7, 0.3, 0.15, 0.12, 0.1, 0.08,
    0.05,
];
/// Of an ordinary person in an ordinary working hour.
const EVENTS_PER_HOUR: f64 = 200.0;
/// How much people differ: of the logarithm.
const SPREAD: f64 = 0.6;
/// A processor dies in the busiest hour of Europe, ClickHouse is away for ten minutes in the afternoon.
const DEATH_S: f64 = 8.5 * 3_600.0;
const OUTAGE_S: (f64, f64) = (14.0 * 3_600.0, 14.0 * 3_600.0 + 600.0);

pub struct Given {
    pub people: u64,
    pub partitions: u32,
    pub nodes: usize,
    pub cores_each: f64,
    /// Events a CPU-second of a processor, and of the store, and the store's cores.
    pub process: f64,
    pub store: f64,
    pub store_cores: f64,
    /// From a processor's death to its partitions going on.
    pub takeover_s: f64,
}

pub fn run(numbers: &[&str]) -> Result<()> {
    let numbers: Vec<f64> = numbers.iter().map(|n| n.parse()).collect::<std::result::Result<_, _>>()?;
    let [people, partitions, nodes, cores_each, process, store, store_cores, takeover_s] = numbers[..] else {
        return Err("capacity takes eight numbers".into());
    };
    if !(numbers.iter().all(|n| *n > 0.0)) {
        return Err("capacity takes numbers above 0".into());
    }
    let (people, partitions, nodes) = (people as u64, partitions as u32, nodes as usize);
    report(&Given { people, partitions, nodes, cores_each, process, store, store_cores, takeover_s });
    Ok(())
}

fn report(given: &Given) {
    let rates = rates(given);
    let total: f64 = rates.iter().flatten().sum();
    let day = simulate(given, &rates);
    println!("capacity_people = {} in {} partitions, {:.0} events a day", given.people, given.partitions, day.events);
    println!("capacity_mean = {:.0} events/s over the day, {:.0} at the peak", day.events / DAY_S, day.peak);
    let largest = rates.iter().map(|r| r.iter().sum::<f64>()).fold(0.0, f64::max);
    println!("capacity_uneven = {:.3} (busiest partition by the mean one)", largest / (total / f64::from(given.partitions)));
    let peak_partition = day.peak * largest / total;
    let stages = [
        ("owner of the busiest partition", peak_partition / given.process),
        ("processors", day.peak / (given.process * given.cores_each * given.nodes as f64)),
        ("store", day.peak / (given.store * given.store_cores)),
    ];
    for (name, load) in stages {
        println!(
            "capacity_load = {:.0} % of {name} at the peak; full at {:.1} M people",
            load * 100.0,
            given.people as f64 / load / 1e6
        );
    }
    println!("capacity_late_at_peak = {:.1} s in an ordinary hour", day.late_before);
    println!("capacity_after_death = {:.0} s late at most, caught up after {:.0} s", day.death.0, day.death.1);
    println!(
        "capacity_after_outage = {:.0} s late at most, caught up {:.0} s after its end, {:.1} GB more in the log",
        day.outage.0,
        day.outage.1,
        day.outage_waiting * 198.0 / 1e9
    );
}

/// By partition and region: events a second in a mean working hour.
fn rates(given: &Given) -> Vec<[f64; REGIONS.len()]> {
    let mut rates = vec![[0.0; REGIONS.len()]; given.partitions as usize];
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for person in 0..given.people {
        let partition = eventlog::partition_of(format!("u-{person}").as_bytes(), given.partitions);
        let mut at = dice.next();
        let region = REGIONS.iter().position(|(_, part)| {
            at -= part;
            at < 0.0
        });
        // Of mean 1.
        let factor = (SPREAD * dice.normal() - SPREAD * SPREAD / 2.0).exp();
        rates[partition as usize][region.unwrap_or(0)] += factor * EVENTS_PER_HOUR / 3_600.0;
    }
    rates
}

#[derive(Default)]
struct Day {
    events: f64,
    peak: f64,
    late_before: f64,
    /// Seconds late at most, seconds until nothing waits.
    death: (f64, f64),
    outage: (f64, f64),
    outage_waiting: f64,
}

fn simulate(given: &Given, rates: &[[f64; REGIONS.len()]]) -> Day {
    let mut waiting = vec![0.0; rates.len()];
    let mut day = Day::default();
    for step in 0..(DAY_S / STEP_S) as usize {
        let now = step as f64 * STEP_S;
        let profile = REGIONS.map(|(shift, _)| at_hour((now / 3_600.0 + shift).rem_euclid(24.0)));
        let arriving: Vec<f64> = rates.iter().map(|r| r.iter().zip(profile).map(|(rate, p)| rate * p).sum()).collect();
        let rate: f64 = arriving.iter().sum();
        day.peak = day.peak.max(rate);
        day.events += rate * STEP_S;
        for (waiting, arriving) in waiting.iter_mut().zip(&arriving) {
            *waiting += arriving * STEP_S;
        }
        work(given, &mut waiting, now);
        // What waits, in time: as it arrives now.
        let late = waiting.iter().zip(&arriving).map(|(w, a)| w / a.max(1e-9)).fold(0.0, f64::max);
        if now < DEATH_S {
            day.late_before = day.late_before.max(late);
        } else if now < OUTAGE_S.0 {
            note(&mut day.death, late, now - DEATH_S);
        } else {
            note(&mut day.outage, late, now - OUTAGE_S.1);
            day.outage_waiting = day.outage_waiting.max(waiting.iter().sum());
        }
    }
    day
}

fn note((most, until): &mut (f64, f64), late: f64, since: f64) {
    *most = most.max(late);
    if late > STEP_S {
        *until = since + STEP_S;
    }
}

/// One step: owners take what one core can, nodes what their cores can, all what the store can.
fn work(given: &Given, waiting: &mut [f64], now: f64) {
    if (OUTAGE_S.0..OUTAGE_S.1).contains(&now) {
        return;
    }
    let dead = (DEATH_S..DEATH_S + given.takeover_s).contains(&now);
    // The first node died; once its partitions are taken over, the others have them.
    let nodes = if now < DEATH_S { given.nodes } else { (given.nodes - 1).max(1) };
    let node_of = |partition: usize| if now < DEATH_S { partition % given.nodes } else { partition % nodes };
    let one = given.process * STEP_S;
    let mut wanted: Vec<f64> = waiting.iter().map(|w| w.min(one)).collect();
    if dead {
        wanted.iter_mut().step_by(given.nodes).for_each(|w| *w = 0.0);
    }
    let mut by_node = vec![0.0; nodes];
    wanted.iter().enumerate().for_each(|(p, w)| by_node[node_of(p)] += w);
    let room = one * given.cores_each;
    wanted.iter_mut().enumerate().for_each(|(p, w)| *w *= (room / by_node[node_of(p)].max(1e-9)).min(1.0));
    let all: f64 = wanted.iter().sum();
    let stored = (given.store * given.store_cores * STEP_S / all.max(1e-9)).min(1.0);
    waiting.iter_mut().zip(wanted).for_each(|(waiting, taken)| *waiting -= taken * stored);
}

fn at_hour(hour: f64) -> f64 {
    let (from, part) = (hour as usize % 24, hour.fract());
    HOURS[from] * (1.0 - part) + HOURS[(from + 1) % 24] * part
}

/// The same numbers each time.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.next().max(1e-300).ln()).sqrt() * (std::f64::consts::TAU * self.next()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: Given = Given {
        people: 20_000,
        partitions: 16,
        nodes: 4,
        cores_each: 2.0,
        process: 2_000.0,
        store: 1_000.0,
        store_cores: 16.0,
        takeover_s: 15.0,
    };

    #[test]
    fn everything_that_arrives_is_worked_off_where_there_is_room() {
        let rates = rates(&GIVEN);
        let mean: f64 = rates.iter().flatten().sum::<f64>() * 3_600.0 / GIVEN.people as f64;
        assert!((mean - EVENTS_PER_HOUR).abs() < 5.0, "{mean}");
        let day = simulate(&GIVEN, &rates);
        assert!(day.late_before <= STEP_S, "{}", day.late_before);
        assert!((GIVEN.takeover_s..GIVEN.takeover_s + 3.0 * STEP_S).contains(&day.death.0), "{:?}", day.death);
        assert!(day.outage.0 >= 500.0 && day.outage.1 > 0.0, "{:?}", day.outage);
    }

    #[test]
    fn where_there_is_none_it_waits() {
        let small = Given { store_cores: 1.0, ..GIVEN };
        assert!(simulate(&small, &rates(&small)).late_before > 60.0);
    }
}
