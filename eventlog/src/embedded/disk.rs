//! What the log asks of a file system, and nothing more: the place where tests cut the power.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, IoSlice, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

pub trait Disk: Debug + Send + Sync + 'static {
    /// Makes a directory and its parents, durably.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;
    /// A new empty file; what had the name before is gone. Durable once written, synced and the directory synced.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;
    /// Writes these bytes over as many that are there.
    fn rewrite(&self, path: &Path, position: u64, bytes: &[u8]) -> io::Result<()>;
    fn remove(&self, path: &Path) -> io::Result<()>;
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
}

pub trait DiskFile: Debug + Send + Sync + 'static {
    fn len(&self) -> io::Result<u64>;
    /// Writes all of it at the end, in as few calls as the system allows. On an error some of it may be there.
    fn append(&self, slices: &mut [IoSlice<'_>]) -> io::Result<()>;
    /// Fills the buffer.
    fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<()>;
    fn truncate(&self, len: u64) -> io::Result<()>;
    /// Content and length are durable when this returns.
    fn sync(&self) -> io::Result<()>;
}

#[derive(Debug)]
pub struct LocalDisk;

impl Disk for LocalDisk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        // Each name is durable once the directory it stands in is; of those that were there before, the last may be as young.
        let named = || dir.ancestors().filter(|at| !at.as_os_str().is_empty());
        let parents: Vec<&Path> =
            named().zip(named().skip(1)).take_while(|(at, _)| !at.is_dir()).map(|(_, parent)| parent).collect();
        fs::create_dir_all(dir)?;
        let direct = dir.parent().filter(|p| !p.as_os_str().is_empty());
        parents.into_iter().chain(direct).try_for_each(|parent| self.sync_dir(parent))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(OpenOptions::new().read(true).append(true).open(path)?))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        file.set_len(0)?;
        Ok(Arc::new(file))
    }

    fn rewrite(&self, path: &Path, position: u64, bytes: &[u8]) -> io::Result<()> {
        // A file opened for appending writes at its end, wherever it is told to.
        OpenOptions::new().write(true).open(path)?.write_all_at(bytes, position)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }
}

impl DiskFile for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn append(&self, mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
        let mut file = self;
        IoSlice::advance_slices(&mut slices, 0);
        while !slices.is_empty() {
            match file.write_vectored(slices) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => IoSlice::advance_slices(&mut slices, written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.read_exact_at(buffer, position)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}
