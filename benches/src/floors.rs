//! The physical limits beside which the other figures stand: decoding the same file and nothing else, and what the disk does.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::time::Instant;

use crate::{Result, cpu_seconds};

pub fn run(file: &str, dir: &str) -> Result<()> {
    decode(file)?;
    disk(Path::new(dir))
}

fn decode(file: &str) -> Result<()> {
    let mut bytes = Vec::new();
    File::open(file)?.read_to_end(&mut bytes)?;
    let before = cpu_seconds("self")?;
    let (mut good, mut bad) = (0u64, 0u64);
    for line in bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
        match schemas::decode::event(line) {
            Ok(event) => good += u64::from(std::hint::black_box(event).ts != 0),
            Err(_) => bad += 1,
        }
    }
    let cpu = cpu_seconds("self")? - before;
    println!("file_events = {} events", good + bad);
    println!("file_bytes_per_event = {:.1} bytes", bytes.len() as f64 / (good + bad) as f64);
    println!("bare_decode = {:.3} CPU-s per million events", cpu / (good + bad) as f64 * 1e6);
    Ok(())
}

fn disk(dir: &Path) -> Result<()> {
    let path = dir.join("floor.tmp");
    let mut file = File::create(&path)?;
    let start = Instant::now();
    let syncs = 500;
    for _ in 0..syncs {
        file.write_all(&[7; 17_200])?;
        file.sync_data()?;
    }
    println!("fsync_rate = {:.0} syncs/s of 17.2 kB", f64::from(syncs) / start.elapsed().as_secs_f64());
    let mut file = File::create(&path)?;
    let block = vec![7u8; 8 << 20];
    let start = Instant::now();
    for _ in 0..64 {
        file.write_all(&block)?;
    }
    file.sync_data()?;
    println!("disk_write_rate = {:.0} MB/s", 64.0 * 8.388_608 / start.elapsed().as_secs_f64());
    std::fs::remove_file(path)?;
    Ok(())
}
