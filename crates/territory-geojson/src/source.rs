//! Where the text comes from. Every source can be read twice, since the plan writer copies the features' text from it: a file is
//! opened again; standard input, pipes and gzip data are unpacked into a temporary file first.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::error::ReadError;

/// A GeoJSON text that can be read more than once.
#[derive(Debug)]
pub struct Source {
    name: String,
    body: Body,
}

#[derive(Debug)]
enum Body {
    File(PathBuf),
    Spooled(tempfile::NamedTempFile),
    Bytes(Arc<[u8]>),
}

/// Size and modification time, to notice a change without reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    /// Size in bytes.
    pub(crate) fn bytes(self) -> u64 {
        self.bytes
    }

    fn of(metadata: &Metadata) -> Self {
        Self { bytes: metadata.len(), modified: metadata.modified().ok() }
    }
}

/// A source opened for one reading.
pub(crate) struct Opened {
    pub(crate) reader: Box<dyn Read + Send>,
    pub(crate) stamp: Stamp,
    file: Option<File>,
}

impl Opened {
    /// The reader; none is left behind.
    pub(crate) fn take(&mut self) -> Box<dyn Read + Send> {
        std::mem::replace(&mut self.reader, Box::new(io::empty()))
    }

    /// The stamp as it is now: it differs from [`Opened::stamp`] if somebody wrote into the file meanwhile.
    pub(crate) fn stamp_now(&self) -> io::Result<Stamp> {
        self.file.as_ref().map_or(Ok(self.stamp), |file| Ok(Stamp::of(&file.metadata()?)))
    }
}

const GZIP: [u8; 2] = [0x1f, 0x8b];

impl Source {
    /// The file at `path`; `-` is standard input. Gzip data is recognised by its first bytes, whatever the name says.
    ///
    /// # Errors
    /// [`ReadError::Open`] if it cannot be opened, [`ReadError::Io`] or [`ReadError::Gzip`] if unpacking it fails.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ReadError> {
        let path = path.as_ref();
        if path == Path::new("-") {
            return Self::spool("standard input".into(), io::stdin().lock());
        }
        let name = path.display().to_string();
        let open = |source| ReadError::Open { file: path.display().to_string(), source };
        let mut file = File::open(path).map_err(open)?;
        let metadata = file.metadata().map_err(open)?;
        if metadata.is_dir() {
            return Err(open(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder")));
        }
        if !metadata.is_file() {
            return Self::spool(name, file);
        }
        let head = head(&mut file).map_err(|source| ReadError::Io { file: name.clone(), source })?;
        if head.starts_with(&GZIP) {
            let file = File::open(path).map_err(open)?;
            return Self::spool(name, file);
        }
        Ok(Self { name, body: Body::File(path.to_owned()) })
    }

    /// A text in memory, plain or gzip; `name` stands for it in messages.
    ///
    /// # Errors
    /// [`ReadError::Gzip`] if it cannot be unpacked.
    pub fn from_bytes(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Result<Self, ReadError> {
        let (name, bytes) = (name.into(), bytes.into());
        if bytes.starts_with(&GZIP) {
            return Self::spool(name, &*bytes);
        }
        Ok(Self { name, body: Body::Bytes(bytes) })
    }

    /// Anything that can be read once, plain or gzip, copied into a temporary file; `name` stands for it in messages.
    ///
    /// # Errors
    /// [`ReadError::Io`] or [`ReadError::Gzip`] if reading or unpacking it fails.
    pub fn spool(name: String, mut reader: impl Read) -> Result<Self, ReadError> {
        let io = |source| ReadError::Io { file: name.clone(), source };
        let head = head(&mut reader).map_err(io)?;
        let zipped = head.starts_with(&GZIP);
        let whole = head.as_slice().chain(reader);
        let mut spool = tempfile::Builder::new().prefix("territory-").tempfile().map_err(io)?;
        let copied = if zipped {
            io::copy(&mut flate2::read::MultiGzDecoder::new(whole), spool.as_file_mut())
        } else {
            io::copy(&mut { whole }, spool.as_file_mut())
        };
        match copied {
            Ok(_) => Ok(Self { name, body: Body::Spooled(spool) }),
            Err(source) if zipped => Err(ReadError::Gzip { file: name, source }),
            Err(source) => Err(ReadError::Io { file: name, source }),
        }
    }

    /// The same text in memory once more.
    #[cfg(test)]
    pub(crate) fn again(&self) -> Self {
        let Body::Bytes(bytes) = &self.body else { unreachable!("a text in memory") };
        Self { name: self.name.clone(), body: Body::Bytes(Arc::clone(bytes)) }
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Opens it at the byte `at`.
    pub(crate) fn reader_at(&self, at: u64) -> io::Result<Opened> {
        let mut opened = self.reader()?;
        match &mut opened.file {
            // The reader shares the file's position.
            Some(file) => {
                file.seek(io::SeekFrom::Start(at))?;
            }
            None => {
                io::copy(&mut opened.reader.by_ref().take(at), &mut io::sink())?;
            }
        }
        Ok(opened)
    }

    /// Opens it at its beginning.
    pub(crate) fn reader(&self) -> io::Result<Opened> {
        let file = match &self.body {
            Body::File(path) => File::open(path)?,
            Body::Spooled(spool) => spool.reopen()?,
            Body::Bytes(bytes) => {
                let reader = Box::new(io::Cursor::new(Arc::clone(bytes)));
                let stamp = Stamp { bytes: bytes.len() as u64, modified: None };
                return Ok(Opened { reader, stamp, file: None });
            }
        };
        let stamp = Stamp::of(&file.metadata()?);
        Ok(Opened { reader: Box::new(file.try_clone()?), stamp, file: Some(file) })
    }

    /// Line of the byte at `at`, and up to four bytes from there: for messages, so it reads anew.
    pub(crate) fn locate(&self, at: u64) -> io::Result<(u64, Vec<u8>)> {
        let mut reader = self.reader()?.reader;
        let mut before = reader.by_ref().take(at);
        let mut buffer = vec![0; 1 << 16];
        let mut line = 1;
        loop {
            match before.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => line += buffer.iter().take(n).filter(|&&b| b == b'\n').count() as u64,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        let mut bytes = Vec::new();
        reader.take(4).read_to_end(&mut bytes)?;
        Ok((line, bytes))
    }

    /// The error of a source that begins like something else than UTF-8 text, if it does.
    pub(crate) fn check_format(&self) -> Result<(), ReadError> {
        let head = self.reader().and_then(|mut opened| head(&mut opened.reader));
        let head = head.map_err(|source| ReadError::Io { file: self.name.clone(), source })?;
        let (format, remedy) = match head.as_slice() {
            [0x00, 0x00, 0x27, 0x0a, ..] => ("a shapefile", "convert it (ogr2ogr -f GeoJSON units.geojson units.shp)"),
            [b'P', b'K', 3, 4, ..] => ("a zip archive", "unpack it; what is inside may need converting to GeoJSON"),
            [b'S', b'Q', b'L', b'i', b't', b'e', b' ', b'f'] => {
                ("a GeoPackage or SQLite file", "convert it (ogr2ogr -f GeoJSON units.geojson units.gpkg)")
            }
            [0x28, 0xb5, 0x2f, 0xfd, ..] => ("zstd data", "unpack it (unzstd), or use gzip"),
            [b'B', b'Z', b'h', ..] => ("bzip2 data", "unpack it (bunzip2), or use gzip"),
            [0xfd, b'7', b'z', b'X', b'Z', ..] => ("xz data", "unpack it (unxz), or use gzip"),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..] => {
                ("UTF-16 or UTF-32 text", "save the file as UTF-8")
            }
            _ => return Ok(()),
        };
        Err(ReadError::Format { file: self.name.clone(), format, remedy })
    }
}

/// The first bytes, fewer if there are fewer.
fn head(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.take(8).read_to_end(&mut head)?;
    Ok(head)
}
