//! The signature of a finished file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coral_trace::UnixNanos;
use serde::{Deserialize, Serialize};

use super::directory::LogFile;
use super::hash::LineHash;

/// Signs finished files.
pub trait Signer: Send + Sync {
    /// The signature of `message`.
    ///
    /// # Errors
    /// Why there is none. The log then goes on in the same file, and tries again.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;

    /// The name of the key, such as the subject of a certificate.
    fn name(&self) -> &str;
}

/// Checks signatures.
pub trait Verifier {
    /// Checks that `signature` is the signature of `message` by the key that `signer` names.
    ///
    /// # Errors
    /// Why the signature is not accepted, as words that follow "the signature is not accepted".
    fn verify(&self, signer: &str, message: &[u8], signature: &[u8]) -> Result<(), String>;
}

/// Why a file could not be signed.
pub type SignError = Box<dyn std::error::Error + Send + Sync>;

/// The content of `NAME.sig`: what the file `NAME` was when it was finished.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileSignature {
    /// The name of the file.
    pub file: String,
    /// The number of the first line.
    pub first: u64,
    /// The number of the last line.
    pub last: u64,
    /// The hash of the last line.
    pub last_hash: LineHash,
    /// The hash of the whole file.
    pub sha256: LineHash,
    /// When the file was finished.
    #[serde(with = "super::rfc3339")]
    pub time: UnixNanos,
    /// The name of the key; `None` if the file is unsigned.
    pub signed_by: Option<String>,
    /// The signature of [`FileSignature::message`] in base64; `None` if the file is unsigned.
    pub signature: Option<String>,
}

/// The largest `NAME.sig` that is read.
const MAX_BYTES: u64 = 64 << 10;

impl FileSignature {
    /// The bytes that are signed: everything but the signature, as lines of text.
    pub fn message(&self) -> Vec<u8> {
        let Self { file, first, last, last_hash, sha256, time, signed_by, signature: _ } = self;
        let (time, signed_by) = (super::rfc3339::text(*time), signed_by.as_deref().unwrap_or(""));
        format!(
            "coral audit file 1\nfile {file}\nfirst {first}\nlast {last}\nlast_hash {last_hash}\n\
             sha256 {sha256}\ntime {time}\nsigned_by {signed_by}\n"
        )
        .into_bytes()
    }

    /// Signs, if there is a signer.
    pub fn signed(mut self, signer: Option<&dyn Signer>) -> Result<Self, SignError> {
        if let Some(signer) = signer {
            self.signed_by = Some(signer.name().to_owned());
            self.signature = Some(STANDARD.encode(signer.sign(&self.message())?));
        }
        Ok(self)
    }

    /// The bytes of the signature; `None` if they are not base64, or if the file is unsigned.
    pub fn signature_bytes(&self) -> Option<Vec<u8>> {
        STANDARD.decode(self.signature.as_ref()?).ok()
    }

    fn bytes(&self) -> serde_json::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Writes `NAME.sig` of `file`, atomically and durably.
    pub fn write(&self, file: &LogFile) -> io::Result<()> {
        let (path, aside) = (file.signature(), file.path.with_extension("jsonl.sig.tmp"));
        let written = (|| {
            let mut options = OpenOptions::new();
            let options = options.write(true).create(true).truncate(true).mode(0o600);
            let mut new = options.open(&aside)?;
            new.write_all(&self.bytes()?)?;
            new.sync_all()?;
            fs::rename(&aside, &path)?;
            sync_directory(&path)
        })();
        if written.is_err() {
            // The log goes on in this file, which then has no signature yet.
            let _ = fs::remove_file(&aside);
            let _ = fs::remove_file(&path);
        }
        written
    }

    /// Reads `NAME.sig` of `file`. `None` if there is none; an inner `None` if its content is not
    /// exactly what [`FileSignature::write`] writes.
    pub fn read(file: &LogFile) -> io::Result<Option<Option<Self>>> {
        let opened = match File::open(file.signature()) {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        opened.take(MAX_BYTES).read_to_end(&mut bytes)?;
        let signature = serde_json::from_slice::<Self>(&bytes).ok();
        Ok(Some(signature.filter(|signature| signature.bytes().is_ok_and(|exact| exact == bytes))))
    }
}

/// Makes the entry of `path` in its directory durable.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    let dir = path.parent().map_or_else(|| PathBuf::from("."), Path::to_owned);
    File::open(dir)?.sync_all()
}
