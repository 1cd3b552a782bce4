//! One letter on its way into the queue: records in, a queue file out.
//!
//! The phases are those of a queue file: envelope, content, what was extracted from it, end. After the first failure
//! nothing more is written; the verdict is given at the end. Dropping a letter takes its file back.

use mail::rewrite::Rules;
use mail::stats::Moment;
use queue::{NewFile, RecordType, record};
use records::cleanup::{Flags, Outcome, Status};

use crate::config::Class;
use crate::content::Content;
use crate::envelope::{Context, Envelope, Treatment as Fate};
use crate::header::{Gap, Treatment};
use crate::mapping::Mapper;
use crate::missing::Missing;
use crate::recipient::Recipients;
use crate::server::Cleanup;

/// A letter that is being made.
pub(crate) struct Letter<'a> {
    pub(crate) shared: &'a Cleanup,
    pub(crate) flags: Flags,
    pub(crate) file: NewFile,
    pub(crate) envelope: Envelope,
    pub(crate) recipients: Recipients,
    phase: Phase,
    content: Option<Content>,
    pub(crate) failure: Option<Outcome>,
    /// Where the content starts in the file, and how long it is.
    pub(crate) data_offset: u64,
    pub(crate) content_length: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Envelope,
    Content,
    Extracted,
    Ended,
}

impl<'a> Letter<'a> {
    pub(crate) fn new(shared: &'a Cleanup, flags: Flags, file: NewFile) -> Self {
        Self {
            shared,
            flags,
            file,
            envelope: Envelope::default(),
            recipients: Recipients::new(&shared.config),
            phase: Phase::Envelope,
            content: None,
            failure: None,
            data_offset: 0,
            content_length: 0,
        }
    }

    /// Take a block of whole records.
    pub(crate) async fn block(&mut self, block: &[u8]) {
        let mut rest = block;
        while self.failure.is_none() && !rest.is_empty() {
            if self.phase == Phase::Content {
                rest = self.content_records(rest).await;
                continue;
            }
            match record::split(rest) {
                Some((kind, data, tail)) if self.phase != Phase::Ended => {
                    rest = tail;
                    self.envelope_record(kind, data).await;
                }
                _ => return self.fail(Status::Bad),
            }
        }
    }

    /// Whether the end record was seen.
    pub(crate) fn is_complete(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// The letter is refused; the first reason counts.
    pub(crate) fn fail(&mut self, status: Status) {
        self.refuse(Outcome {
            status,
            reason: Vec::new(),
        });
    }

    pub(crate) fn refuse(&mut self, outcome: Outcome) {
        self.failure.get_or_insert(outcome);
    }

    /// Write a record.
    pub(crate) fn put(&mut self, kind: RecordType, data: &[u8]) {
        let result = self.file.put(kind, data);
        self.check(result);
    }

    pub(crate) fn put_attribute(&mut self, name: &str, value: &[u8]) {
        let result = self.file.put_attribute(name, value);
        self.check(result);
    }

    pub(crate) fn check(&mut self, result: std::io::Result<()>) {
        if let Err(error) = result {
            maillog::warning!(
                "{}: write queue file: {}",
                self.file.id(),
                sys::reason(&error)
            );
            self.fail(Status::Write);
        }
    }

    pub(crate) fn mapper(&self) -> Mapper<'_> {
        Mapper {
            config: &self.shared.config,
            tables: &self.shared.tables,
            id: self.file.id(),
        }
    }

    async fn envelope_record(&mut self, kind: RecordType, data: &[u8]) {
        let envelope = self.phase == Phase::Envelope;
        match kind {
            RecordType::MESSAGE if envelope => self.start_content(),
            RecordType::END if !envelope => self.finish_extracted().await,
            RecordType::SENDER if envelope && self.envelope.sender.is_none() => {
                self.sender(data).await;
            }
            RecordType::RECIPIENT => self.recipient(data).await,
            RecordType::TIME if envelope => {
                if self.envelope.note_time(data).is_none() {
                    return self.fail(Status::Bad);
                }
                self.put(RecordType::TIME, data);
                let now = Moment::now().seconds.to_string();
                self.put_attribute("create_time", now.as_bytes());
            }
            RecordType::FLAGS => self.add_flags(data),
            _ => match self.envelope.note(kind, data) {
                Fate::Keep => self.put(kind, data),
                Fate::Take => {}
                Fate::Refuse => self.fail(Status::Bad),
            },
        }
    }

    fn add_flags(&mut self, data: &[u8]) {
        let number = std::str::from_utf8(data).ok().and_then(|d| d.parse().ok());
        match number.and_then(Flags::from_bits) {
            Some(flags) => self.flags = self.flags.with(flags),
            None => self.fail(Status::Bad),
        }
    }

    fn start_content(&mut self) {
        if self.envelope.sender.is_none() || self.envelope.arrival.is_none() {
            return self.fail(Status::Bad);
        }
        self.put_warning_time();
        self.put(RecordType::MESSAGE, b"");
        self.data_offset = self.file.position();
        self.phase = Phase::Content;
    }

    /// When the sender is to be told that the letter is late.
    fn put_warning_time(&mut self) {
        let delay = self.shared.config.delay_warning_seconds;
        let sender = self.envelope.sender.as_ref();
        if delay == 0 || sender.is_none_or(mail::Address::is_null) {
            return;
        }
        let arrival = self.envelope.arrival.unwrap_or_default().seconds;
        let time = arrival.saturating_add_unsigned(delay);
        self.put(RecordType::WARN, format!("{time:15}").as_bytes());
    }

    /// Take content records up to the one that ends them; gives back what comes after it.
    async fn content_records<'b>(&mut self, block: &'b [u8]) -> &'b [u8] {
        let config = &self.shared.config;
        let mut content = self.content.take().unwrap_or_else(|| Content::new(config));
        let treatment = self.treatment();
        let mut rest = block;
        let mut ended = false;
        let mut sound = true;
        while !rest.is_empty() && !ended && sound {
            let Some((kind, data, tail)) = record::split(rest) else {
                sound = false;
                break;
            };
            rest = tail;
            match kind {
                RecordType::LINE => content.line(data, false, &treatment),
                RecordType::PARTIAL => content.line(data, true, &treatment),
                RecordType::EXTRACTED => {
                    content.end(&treatment);
                    ended = true;
                }
                _ => sound = false,
            }
        }
        self.content = Some(content);
        self.write_content().await;
        if !sound {
            self.fail(Status::Bad);
        }
        if ended {
            self.content_length = self.file.position().saturating_sub(self.data_offset);
            self.put(RecordType::EXTRACTED, b"");
            self.phase = Phase::Extracted;
        }
        rest
    }

    fn treatment(&self) -> Treatment<'_> {
        let config = &self.shared.config;
        let mapper = self.mapper();
        let maps = self.flags.contains(Flags::MAP);
        Treatment {
            config,
            id: self.file.id(),
            rules: self.header_rules(),
            mapped_senders: maps && mapper.changes(Class::HeaderSender),
            mapped_recipients: maps && mapper.changes(Class::HeaderRecipient),
            missing: Missing {
                config,
                id: self.file.id(),
                arrival: self.envelope.arrival.unwrap_or_default(),
                sender: self
                    .envelope
                    .sender
                    .as_ref()
                    .map(mail::Address::as_bytes)
                    .unwrap_or_default(),
                full_name: &self.envelope.full_name,
            },
        }
    }

    fn header_rules(&self) -> Option<&'a Rules> {
        match self.envelope.rewrite_context {
            Context::Local => Some(&self.shared.config.local_rules),
            Context::Remote | Context::Unset => self.shared.config.remote_rules.as_ref(),
        }
    }

    /// Write what the walk has given so far, with the headers whose addresses are looked up.
    async fn write_content(&mut self) {
        let Some(mut content) = self.content.take() else {
            return;
        };
        let out = std::mem::take(&mut content.headers.out);
        let mut written = 0;
        for gap in std::mem::take(&mut content.headers.gaps) {
            let until = gap.at;
            self.put_block(out.get(written..until).unwrap_or_default());
            written = until;
            match self.map_header(gap).await {
                Ok(text) => {
                    for line in text.split(|&byte| byte == b'\n') {
                        self.put(RecordType::LINE, line);
                    }
                }
                Err(outcome) => self.refuse(outcome),
            }
        }
        self.put_block(out.get(written..).unwrap_or_default());
        content.headers.out = out;
        content.headers.out.clear();
        self.content = Some(content);
        self.check_limits();
    }

    fn put_block(&mut self, block: &[u8]) {
        let result = self.file.put_block(block);
        self.check(result);
    }

    async fn map_header(&self, gap: Gap) -> Result<Vec<u8>, Outcome> {
        let Gap {
            name,
            mut list,
            class,
            unchanged,
            ..
        } = gap;
        let mapper = self.mapper();
        let mut changed = false;
        for address in list.addresses_mut() {
            let mapped = mapper.canonical(class, address.clone()).await?;
            if mapped != *address {
                *address = mapped;
                changed = true;
            }
        }
        Ok(if changed {
            list.header(&name)
        } else {
            unchanged
        })
    }

    fn check_limits(&mut self) {
        let Some(content) = &self.content else { return };
        let limit = self.shared.config.message_size_limit;
        let size = self.file.position().saturating_sub(self.data_offset);
        let id = self.file.id();
        if content.headers.hops >= self.shared.config.headers.hopcount_limit {
            maillog::warning!("{id}: message rejected: hopcount exceeded");
            self.fail(Status::Hops);
        } else if let Some((fault, text)) = &content.headers.fault {
            let outcome = self.refuse_fault(*fault, text);
            self.refuse(outcome);
        } else if limit > 0 && size > limit {
            maillog::warning!("{id}: queue file size limit exceeded");
            self.fail(Status::Size);
        }
    }

    fn refuse_fault(&self, fault: mail::mime::Fault, text: &[u8]) -> Outcome {
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let origin = &self.envelope.origin;
        let text = shown(text.get(..text.len().min(200)).unwrap_or_default());
        let sender = self.envelope.sender.as_ref();
        let sender = shown(sender.map(mail::Address::as_bytes).unwrap_or_default());
        let mut line = format!(
            "reject: mime-error {}: {text} from {}; from=<{sender}> to=<{}>",
            fault.text(),
            shown(&origin.message_origin),
            shown(self.recipients.first()),
        );
        if !origin.protocol.is_empty() {
            line += &format!(" proto={}", shown(&origin.protocol));
        }
        if !origin.helo.is_empty() {
            line += &format!(" helo=<{}>", shown(&origin.helo));
        }
        maillog::info!("{}: {line}", self.file.id());
        Outcome {
            status: Status::Content,
            reason: format!("5.6.0 {}", fault.text()).into_bytes(),
        }
    }

    /// The last of the envelope: what the content said, copies, the end record.
    async fn finish_extracted(&mut self) {
        self.put_encoding();
        self.always_bcc().await;
        if self.recipients.count() == 0 {
            self.fail(Status::NoRecipient);
        }
        self.put(RecordType::END, b"");
        self.phase = Phase::Ended;
    }

    fn put_encoding(&mut self) {
        let found = self.content.as_ref().and_then(|c| c.headers.encoding);
        let detect = self.shared.config.headers.detect_8bit_encoding_header;
        if let Some(found) = found.filter(|_| detect) {
            let name: &[u8] = if found.allows_8bit() {
                b"8bit"
            } else {
                b"7bit"
            };
            self.envelope.encoding = name.to_vec();
        }
        if !self.envelope.encoding.is_empty() {
            let encoding = std::mem::take(&mut self.envelope.encoding);
            self.put_attribute("encoding", &encoding);
            self.envelope.encoding = encoding;
        }
    }

    /// Whether a header has UTF-8 in it.
    pub(crate) fn has_utf8_header(&self) -> bool {
        self.content.as_ref().is_some_and(|c| c.headers.has_utf8)
    }
}
