//! One envelope record as text.

use std::io::{self, Write};

use queue::letter::{name_value, parse_time};
use queue::{Record, RecordType, SizeRecord};

/// Show a record that is no content; attributes and times in a form for people.
pub(crate) fn envelope_record(
    out: &mut impl Write,
    file: &str,
    record: &Record<'_>,
) -> io::Result<()> {
    match record.kind {
        RecordType::TIME => line(out, "message_arrival_time", &date(record.data)),
        RecordType::WARN => line(out, "warning_message_time", &date(record.data)),
        RecordType::ATTRIBUTE => match name_value(record.data) {
            Some((b"create_time", value)) => line(out, "create_time", &date(value)),
            Some(_) => line(out, "named_attribute", record.data),
            None => {
                let text = String::from_utf8_lossy(record.data);
                let missing = if record.data.starts_with(b"=") {
                    "attribute name"
                } else {
                    "'=' after attribute name"
                };
                maillog::warning!("{file}: malformed attribute: missing {missing}: {text}");
                Ok(())
            }
        },
        RecordType::SIZE => {
            line(out, name(record.kind), record.data)?;
            let size = SizeRecord::parse(record.data);
            if size.is_none_or(|size| size.message_size == 0 || size.data_offset == 0) {
                let text = String::from_utf8_lossy(record.data);
                maillog::warning!("invalid size record: {text}");
            }
            Ok(())
        }
        kind => line(out, name(kind), record.data),
    }
}

fn line(out: &mut impl Write, name: &str, value: &[u8]) -> io::Result<()> {
    write!(out, "{name}: ")?;
    out.write_all(value)?;
    out.write_all(b"\n")
}

const fn name(kind: RecordType) -> &'static str {
    match kind {
        RecordType::SIZE => "message_size",
        RecordType::CREATED => "queue_file_create_time",
        RecordType::FULL_NAME => "sender_fullname",
        RecordType::INSPECTOR => "content_inspector",
        RecordType::FILTER => "content_filter",
        RecordType::SENDER => "sender",
        RecordType::DONE => "done_recipient",
        RecordType::RECIPIENT => "recipient",
        RecordType::ORIGINAL => "original_recipient",
        RecordType::CANCELLED => "canceled_recipient",
        RecordType::KILLED => "killed_record",
        RecordType::POINTER => "pointer_record",
        RecordType::RETURN_RECEIPT => "return_receipt",
        RecordType::ERRORS_TO => "errors_to",
        RecordType::PRIORITY => "priority",
        RecordType::REDIRECT => "redirect_to",
        RecordType::VERP => "verp_delimiters",
        RecordType::FLAGS => "flags",
        RecordType::DSN_RET => "dsn_return_flags",
        RecordType::DSN_ENVID => "dsn_envelope_id",
        RecordType::DSN_ORCPT => "dsn_original_recipient",
        RecordType::DSN_NOTIFY => "dsn_notify_flags",
        _ => "unknown_record_type",
    }
}

/// Seconds since 1970 as a date in local time; what is no time counts as 0.
fn date(data: &[u8]) -> Vec<u8> {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let seconds = parse_time(data).unwrap_or_default().seconds;
    let Ok(local) = sys::time::local(seconds) else {
        return data.to_vec();
    };
    let day = DAYS.get(local.weekday as usize).unwrap_or(&"");
    let month = MONTHS.get(local.month as usize - 1).unwrap_or(&"");
    format!(
        "{day} {month} {:2} {:02}:{:02}:{:02} {}",
        local.day, local.hour, local.minute, local.second, local.year
    )
    .into_bytes()
}
