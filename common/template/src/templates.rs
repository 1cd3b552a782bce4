//! The texts of notices: built in, or from `bounce_template_file` (bounce(5)).

use std::fmt;

/// The text and the headers of one kind of notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// What it is for: failure, delay, success or verify.
    pub name: &'static str,
    /// The character set of the text.
    pub charset: String,
    /// The header From:.
    pub from: String,
    /// The header Subject:.
    pub subject: String,
    /// The subject of the postmaster's copy; empty for kinds that have none.
    pub postmaster_subject: String,
    /// The lines of the text.
    pub text: Vec<String>,
}

/// One for each kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Templates {
    /// For mail that cannot be delivered.
    pub failure: Template,
    /// For mail that waits for long.
    pub delay: Template,
    /// For mail whose sender wants to hear of its delivery.
    pub success: Template,
    /// For mail whose sender only asks where it would go.
    pub verify: Template,
    /// Where they come from, for messages.
    pub origin: String,
}

/// What is wrong with a template file, so that it cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each variant's sentence says what its fields are"
)]
pub enum TemplateError {
    /// It cannot be read: the path and the reason.
    Unreadable { path: String, reason: String },
    /// A line outside of templates that is no `name = <<WORD`.
    Start {
        path: String,
        line: usize,
        text: String,
    },
    /// A line of a text refers to a parameter that there is not.
    Undefined {
        origin: String,
        template: &'static str,
        text: String,
    },
    /// A line of a text with a wrong `$name`.
    Syntax {
        origin: String,
        template: &'static str,
        text: String,
    },
}

impl Templates {
    /// Replace those that a file has; the text of what is odd in it is warned of.
    pub(crate) fn read(&mut self, file: &str) -> Result<(), TemplateError> {
        let mut lines = file.lines().enumerate();
        let mut last = 0;
        while let Some((number, text)) = lines.next() {
            if text.trim().is_empty() || text.starts_with('#') {
                continue;
            }
            let line = number + 1;
            let (name, word) = start(text).ok_or_else(|| TemplateError::Start {
                path: self.origin.clone(),
                line,
                text: text.trim().to_owned(),
            })?;
            let mut body = Vec::new();
            let mut is_ended = false;
            for (number, text) in lines.by_ref() {
                last = number + 1;
                if text.trim_end() == word {
                    is_ended = true;
                    break;
                }
                body.push(text.to_owned());
            }
            let origin = self.origin.clone();
            if !is_ended {
                maillog::warning!("{origin}, line {last}: missing \"{word}\" end marker");
            }
            match self.named(name) {
                Some(template) => template.replace(&body, &origin),
                None => maillog::warning!(
                    "{origin}, line {line}: unknown template name: {name} -- ignoring this template"
                ),
            }
        }
        Ok(())
    }

    fn named(&mut self, name: &str) -> Option<&mut Template> {
        match name {
            "failure_template" => Some(&mut self.failure),
            "delay_template" => Some(&mut self.delay),
            "success_template" => Some(&mut self.success),
            "verify_template" => Some(&mut self.verify),
            _ => None,
        }
    }

    /// All of them.
    #[must_use]
    pub const fn each(&self) -> [&Template; 4] {
        [&self.failure, &self.delay, &self.success, &self.verify]
    }

    /// All of them, to change.
    pub(crate) const fn each_mut(&mut self) -> [&mut Template; 4] {
        [
            &mut self.failure,
            &mut self.delay,
            &mut self.success,
            &mut self.verify,
        ]
    }
}

/// `name = <<WORD`
fn start(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_once('=')?;
    let word = rest.trim().strip_prefix("<<")?.trim();
    (!word.is_empty()).then_some((name.trim(), word))
}

impl Template {
    /// Headers first, if any, then an empty line, then the text.
    fn replace(&mut self, lines: &[String], origin: &str) {
        let mut new = self.clone();
        let mut lines = lines.iter().peekable();
        while let Some((header, value)) = lines.peek().and_then(|line| header(line)) {
            let target = match header.to_ascii_lowercase().as_str() {
                "charset" => &mut new.charset,
                "from" => &mut new.from,
                "subject" => &mut new.subject,
                "postmaster-subject" => &mut new.postmaster_subject,
                _ => {
                    let name = self.name;
                    maillog::warning!(
                        "{origin}: unknown \"{header}\" header label in {name} template -- ignoring this template"
                    );
                    return;
                }
            };
            value.clone_into(target);
            lines.next();
        }
        if lines.peek().is_some_and(|line| line.trim().is_empty()) {
            lines.next();
        }
        new.text = lines.cloned().collect();
        *self = new;
    }
}

fn header(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let named = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    named.then(|| (name, value.trim()))
}

impl Default for Templates {
    fn default() -> Self {
        let template = |name, subject: &str, postmaster_subject: &str, text: &str| Template {
            name,
            charset: String::from("us-ascii"),
            from: String::from("Mail Delivery System <MAILER-DAEMON>"),
            subject: subject.to_owned(),
            postmaster_subject: postmaster_subject.to_owned(),
            text: text.lines().map(str::to_owned).collect(),
        };
        Self {
            failure: template(
                "failure",
                "Undelivered Mail Returned to Sender",
                "Postmaster Copy: Undelivered Mail",
                FAILURE,
            ),
            delay: template(
                "delay",
                "Delayed Mail (still being retried)",
                "Postmaster Warning: Delayed Mail",
                DELAY,
            ),
            success: template("success", "Successful Mail Delivery Report", "", SUCCESS),
            verify: template("verify", "Mail Delivery Status Report", "", VERIFY),
            origin: String::from("[built-in]"),
        }
    }
}

const FAILURE: &str = "\
This is the mail system at host $myhostname.

Your message did not reach all of its recipients. Below you find
who did not get it and why; the message itself is attached.

If you need help, please write to postmaster and include this
report. You may leave out your own text from the attached message.

                   The mail system
";

const DELAY: &str = "\
This is the mail system at host $myhostname.

########################################################
# This is only a warning. Do NOT send your mail again. #
########################################################

For $delay_warning_time_hours hour(s) your message could not be delivered to the
recipients below. More attempts follow until it is $maximal_queue_lifetime_days day(s) old.

If you need help, please write to postmaster and include this
report. You may leave out your own text from the attached message.

                   The mail system
";

const SUCCESS: &str = "\
This is the mail system at host $myhostname.

Your message reached the destinations below. If that is a mailbox,
you will hear no more about it. If it is another mail system, that
system may still tell you of a failure.

                   The mail system
";

const VERIFY: &str = "\
This is the mail system at host $myhostname.

Below is the report that you asked for.

                   The mail system
";

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, reason } => write!(f, "open {path}: {reason}"),
            Self::Start { path, line, text } if !text.contains('=') => write!(
                f,
                "{path}, line {line}: missing '=' after attribute name: \"{text}\""
            ),
            Self::Start { path, line, text } => write!(
                f,
                "{path}, line {line}: expected \"template_name = <<EOF\", found \"{text}\""
            ),
            Self::Undefined {
                origin,
                template,
                text,
            } => write!(
                f,
                "{origin}: undefined $name in {template} template: {text}"
            ),
            Self::Syntax {
                origin,
                template,
                text,
            } => write!(
                f,
                "{origin}: bad $name syntax in {template} template: {text}"
            ),
        }
    }
}

impl std::error::Error for TemplateError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_file_is_read_to_its_end(file in "(failure_template|x|=|<<|E|:|\\n| |\\$\\{|[a-z]){0,40}") {
            let _ = Templates::default().read(&file);
        }
    }

    #[test]
    fn a_file_replaces_what_it_has() {
        let mut templates = Templates::default();
        let file = "# comment\n\nfailure_template = <<EOF\nCharset: utf-8\nsubject: Sorry\n\nNot: a header\n  text\nEOF\n";
        templates.read(file).unwrap();
        assert_eq!(templates.failure.charset, "utf-8");
        assert_eq!(templates.failure.subject, "Sorry");
        assert_eq!(
            templates.failure.from,
            "Mail Delivery System <MAILER-DAEMON>"
        );
        assert_eq!(templates.failure.text, ["Not: a header", "  text"]);
        assert_eq!(templates.delay, Templates::default().delay);
    }

    #[test]
    fn what_cannot_be_a_template_is_left_out_or_refused() {
        let read = |file: &str| {
            let mut templates = Templates::default();
            templates.read(file).map(|()| templates)
        };
        let refused = read("\nrubbish\n").unwrap_err().to_string();
        assert_eq!(
            refused,
            "[built-in], line 2: missing '=' after attribute name: \"rubbish\""
        );
        for ignored in [
            "x_template = <<E\nE\n",
            "failure_template = <<E\nTo: x\n\ny\nE\n",
        ] {
            assert_eq!(read(ignored), Ok(Templates::default()), "{ignored}");
        }
        let open = read("failure_template = <<E\n\nx\n").unwrap();
        assert_eq!(open.failure.text, ["x"]);
    }
}
