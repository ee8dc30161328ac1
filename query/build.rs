//! Puts the built web app (`dashboards/dist`) into the binary: copies it and writes the list of its files. Without a build
//! the list is empty, and the server says how to make one.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let dist = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("../dashboards/dist");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    println!("cargo:rerun-if-changed={}", dist.display());
    println!("cargo:rerun-if-changed=build.rs");
    let mut files = Vec::new();
    if dist.is_dir() {
        collect(&dist, &dist, &mut files)?;
    }
    files.sort();
    // Copies, because the next build of the app may take the originals away while this crate compiles.
    let copies = out.join("web");
    let _ = fs::remove_dir_all(&copies);
    fs::create_dir_all(&copies)?;
    let mut list = String::from("pub static FILES: &[(&str, &[u8])] = &[\n");
    for (number, name) in files.iter().enumerate() {
        let copy = copies.join(number.to_string());
        fs::copy(dist.join(name), &copy)?;
        writeln!(list, "    ({:?}, include_bytes!({:?})),", format!("/{name}"), copy.display().to_string())?;
    }
    list.push_str("];\n");
    fs::write(out.join("web.rs"), list)?;
    Ok(())
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else {
            files.push(path.strip_prefix(root)?.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}
