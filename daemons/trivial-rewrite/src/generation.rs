//! A number that is the same in all processes of the service as long as what they answer from is the same.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::time::SystemTime;

use config::{Settings, params};

/// The number for main.cf and tables as they are now; files are looked at while they can still be seen.
pub(crate) fn current(settings: &Settings, tables: &[String]) -> u64 {
    let mut hasher = DefaultHasher::new();
    if let Ok(directories) = settings.get::<params::core::Directories>() {
        let main = Path::new(&directories.config_directory).join("main.cf");
        changed(&main).hash(&mut hasher);
    }
    for table in tables {
        table.hash(&mut hasher);
        if let Some(name) = table
            .rsplit(':')
            .next()
            .filter(|name| name.starts_with('/'))
        {
            for suffix in ["", ".lmdb", ".cdb", ".db"] {
                let file = format!("{name}{suffix}");
                changed(Path::new(&file)).hash(&mut hasher);
            }
        }
    }
    hasher.finish()
}

fn changed(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|data| data.modified()).ok()
}
