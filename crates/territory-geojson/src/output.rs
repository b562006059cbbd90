//! Output files that appear under their names whole or not at all, several of them together.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use crate::error::WriteError;

/// Bytes gathered before they are handed to the system.
const BUFFER_BYTES: usize = 1 << 18;

/// A file being written under a temporary name in the folder of its final one. [`commit`] gives it its name; dropped before that,
/// it vanishes. `-` is standard output; that, pipes and devices receive everything at the end.
#[derive(Debug)]
pub struct OutputFile {
    name: String,
    target: Target,
    writer: BufWriter<NamedTempFile>,
}

#[derive(Debug)]
enum Target {
    Name(PathBuf),
    /// Something that cannot be replaced by a new file.
    Existing(PathBuf),
    StandardOutput,
}

impl OutputFile {
    /// Begins the file that will stand at `path`.
    ///
    /// # Errors
    /// [`WriteError`] if its folder is missing, a folder stands in its place, or nothing can be written there.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, WriteError> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let target = target(path)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".territory-");
        let file = match &target {
            Target::Name(path) => {
                // Temporary files are private; a result gets what other new files get, or what the old one had.
                #[cfg(unix)]
                {
                    use std::os::unix::fs::PermissionsExt;
                    builder.permissions(fs::Permissions::from_mode(0o666));
                }
                builder.tempfile_in(folder(path))
            }
            Target::Existing(_) | Target::StandardOutput => builder.tempfile(),
        };
        let file = file.map_err(|source| WriteError::Io { file: name.clone(), source })?;
        if let Target::Name(path) = &target
            && let Ok(old) = fs::metadata(path)
        {
            // Where this is not allowed the new file keeps the usual ones.
            let _ = file.as_file().set_permissions(old.permissions());
        }
        Ok(Self { name, target, writer: BufWriter::with_capacity(BUFFER_BYTES, file) })
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Everything written, handed to the system: a full disk shows here.
    fn finish(self) -> Result<Finished, WriteError> {
        let Self { name, target, writer } = self;
        let io = |source| WriteError::Io { file: name.clone(), source };
        let mut file = writer.into_inner().map_err(|e| io(e.into_error()))?;
        match target {
            Target::Name(path) => Ok(Finished::Rename { from: file.into_temp_path(), to: path, name }),
            Target::Existing(path) => {
                file.seek(SeekFrom::Start(0)).map_err(io)?;
                Ok(Finished::Copy { from: file, to: Some(path), name })
            }
            Target::StandardOutput => {
                file.seek(SeekFrom::Start(0)).map_err(io)?;
                Ok(Finished::Copy { from: file, to: None, name })
            }
        }
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes).map_err(|e| named(&self.name, &e))
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes).map_err(|e| named(&self.name, &e))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush().map_err(|e| named(&self.name, &e))
    }
}

#[cold]
fn named(name: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{name}: cannot be written ({error})"))
}

/// A file that is complete but not under its name.
enum Finished {
    Rename { from: TempPath, to: PathBuf, name: String },
    Copy { from: NamedTempFile, to: Option<PathBuf>, name: String },
}

/// Gives all files their names. If one cannot be given its name, those before it get back what stood there: either all results
/// appear or none (but for what went to standard output, pipes and devices, which come last).
///
/// # Errors
/// [`WriteError::Io`] naming the file.
pub fn commit(files: impl IntoIterator<Item = OutputFile>) -> Result<(), WriteError> {
    let finished = files.into_iter().map(OutputFile::finish).collect::<Result<Vec<_>, _>>()?;
    let (renames, copies): (Vec<_>, Vec<_>) = finished.into_iter().partition(|f| matches!(f, Finished::Rename { .. }));
    let mut placed: Vec<(PathBuf, Option<TempPath>)> = Vec::new();
    // A single file needs no way back: giving it its name succeeds or changes nothing.
    let several = renames.len() > 1;
    for file in renames {
        let Finished::Rename { from, to, name } = file else { continue };
        let old = if several { keep_old(&to) } else { None };
        match from.persist(&to) {
            Ok(()) => placed.push((to, old)),
            Err(error) => {
                for (path, old) in placed.into_iter().rev() {
                    // Nothing more can be done where even this fails; the first error is the one to report.
                    let _ = match old {
                        Some(old) => old.persist(&path).map_err(|e| e.error),
                        None => fs::remove_file(&path),
                    };
                }
                return Err(WriteError::Io { file: name, source: error.error });
            }
        }
    }
    for file in copies {
        let Finished::Copy { mut from, to, name } = file else { continue };
        let copied = match to {
            Some(path) => {
                File::options().write(true).open(path).and_then(|mut out| io::copy(from.as_file_mut(), &mut out))
            }
            None => {
                let mut out = io::stdout().lock();
                io::copy(from.as_file_mut(), &mut out).and_then(|n| out.flush().map(|()| n))
            }
        };
        copied.map_err(|source| WriteError::Io { file: name, source })?;
    }
    Ok(())
}

/// A second name for the file at `path`, so that it can be put back; it vanishes when dropped. None if there is no file there or
/// the file system has no second names.
fn keep_old(path: &Path) -> Option<TempPath> {
    let file = path.file_name()?.to_string_lossy().into_owned();
    let folder = folder(path);
    (0..100).find_map(|i| {
        let second = folder.join(format!(".territory-old-{}-{i}-{file}", std::process::id()));
        fs::hard_link(path, &second).ok()?;
        TempPath::try_from_path(second).ok()
    })
}

/// Checks that files can be written at all these paths, before long work: folders exist, nothing is a folder, no name stands
/// twice.
///
/// # Errors
/// [`WriteError`] for the first path that cannot be used.
pub fn check_outputs<P: AsRef<Path>>(paths: &[P]) -> Result<(), WriteError> {
    let mut seen: Vec<PathBuf> = Vec::new();
    for path in paths {
        let path = path.as_ref();
        let whole = match target(path)? {
            Target::Name(path) => {
                folder(&path).canonicalize().unwrap_or_default().join(path.file_name().unwrap_or_default())
            }
            Target::Existing(_) => continue,
            Target::StandardOutput => PathBuf::from("-"),
        };
        if seen.contains(&whole) {
            return Err(WriteError::SameFile { file: path.display().to_string() });
        }
        // Shows missing permissions and read-only file systems; vanishes at once.
        drop(OutputFile::create(path)?);
        seen.push(whole);
    }
    Ok(())
}

fn target(path: &Path) -> Result<Target, WriteError> {
    let name = || path.display().to_string();
    if path == Path::new("-") {
        return Ok(Target::StandardOutput);
    }
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(WriteError::IsFolder { file: name() }),
        // Replaced where it really stands, so that a symbolic link stays one.
        Ok(metadata) if metadata.is_file() => Ok(Target::Name(path.canonicalize().unwrap_or_else(|_| path.to_owned()))),
        Ok(_) => Ok(Target::Existing(path.to_owned())),
        Err(_) if path.file_name().is_none() => Err(WriteError::IsFolder { file: name() }),
        Err(_) if folder(path).is_dir() => Ok(Target::Name(path.to_owned())),
        Err(_) => Err(WriteError::NoFolder { file: name(), folder: folder(path).display().to_string() }),
    }
}

/// The folder of a file; the working folder if the path names none.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
