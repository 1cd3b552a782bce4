//! Values that name files, whose contents are stored instead (`-F`).

use std::fs;

use text::token;

use super::base64;

/// The contents of the files that a value names, with a line feed between them, in base64. The error names the file.
pub(crate) fn content(value: &[u8]) -> Result<Vec<u8>, String> {
    let names = String::from_utf8_lossy(value);
    let mut content = Vec::new();
    for (index, name) in token::words(&names).enumerate() {
        let file =
            fs::read(name).map_err(|error| format!("open {name}: {}", sys::reason(&error)))?;
        if index > 0 {
            content.push(b'\n');
        }
        content.extend_from_slice(&file);
    }
    Ok(base64::encode(&content))
}
