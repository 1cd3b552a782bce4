//! The texts of notices: built in, or from `bounce_template_file` (bounce(5)).

use std::fmt;

/// The text and the headers of one kind of notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) charset: String,
    pub(crate) from: String,
    pub(crate) subject: String,
    /// The subject of the postmaster's copy.
    pub(crate) postmaster_subject: String,
    /// The lines of the text.
    pub(crate) text: Vec<String>,
}

/// One for each kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Templates {
    pub(crate) failure: Template,
    pub(crate) delay: Template,
    pub(crate) success: Template,
    pub(crate) verify: Template,
}

/// What is wrong with a template file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TemplateError {
    /// A line outside of templates that is no `name = <<WORD`.
    Start { line: usize, text: String },
    /// A name that stands for no template.
    Name { line: usize, name: String },
    /// A template without its last line.
    End { line: usize, word: String },
    /// A header that a template cannot have.
    Header { template: String, text: String },
}

impl Templates {
    /// Replace those that a file has.
    pub(crate) fn read(&mut self, file: &str) -> Result<(), TemplateError> {
        let mut lines = file.lines().enumerate();
        while let Some((number, text)) = lines.next() {
            if text.trim().is_empty() || text.starts_with('#') {
                continue;
            }
            let line = number + 1;
            let (name, word) = start(text).ok_or_else(|| TemplateError::Start {
                line,
                text: text.to_owned(),
            })?;
            let mut body = Vec::new();
            loop {
                let Some((_, text)) = lines.next() else {
                    return Err(TemplateError::End {
                        line,
                        word: word.to_owned(),
                    });
                };
                if text.trim_end() == word {
                    break;
                }
                body.push(text.to_owned());
            }
            let Some(template) = self.named(name) else {
                return Err(TemplateError::Name {
                    line,
                    name: name.to_owned(),
                });
            };
            template.replace(name, &body)?;
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
    pub(crate) fn each(&mut self) -> [&mut Template; 4] {
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
    fn replace(&mut self, name: &str, lines: &[String]) -> Result<(), TemplateError> {
        let mut lines = lines.iter().peekable();
        while let Some((header, value)) = lines.peek().and_then(|line| header(line)) {
            let target = match header.to_ascii_lowercase().as_str() {
                "charset" => &mut self.charset,
                "from" => &mut self.from,
                "subject" => &mut self.subject,
                "postmaster-subject" => &mut self.postmaster_subject,
                _ => {
                    let text = format!("{header}:");
                    return Err(TemplateError::Header {
                        template: name.to_owned(),
                        text,
                    });
                }
            };
            value.clone_into(target);
            lines.next();
        }
        if lines.peek().is_some_and(|line| line.trim().is_empty()) {
            lines.next();
        }
        self.text = lines.cloned().collect();
        Ok(())
    }
}

fn header(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let named = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    named.then(|| (name, value.trim()))
}

impl Default for Templates {
    fn default() -> Self {
        let template = |subject: &str, postmaster_subject: &str, text: &str| Template {
            charset: String::from("us-ascii"),
            from: String::from("Mail Delivery System <MAILER-DAEMON>"),
            subject: subject.to_owned(),
            postmaster_subject: postmaster_subject.to_owned(),
            text: text.lines().map(str::to_owned).collect(),
        };
        Self {
            failure: template(
                "Undelivered Mail Returned to Sender",
                "Postmaster Copy: Undelivered Mail",
                FAILURE,
            ),
            delay: template(
                "Delayed Mail (still being retried)",
                "Postmaster Warning: Delayed Mail",
                DELAY,
            ),
            success: template("Successful Mail Delivery Report", "", SUCCESS),
            verify: template("Mail Delivery Status Report", "", VERIFY),
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
            Self::Start { line, text } => {
                write!(
                    f,
                    "line {line}: expected \"template_name = <<EOF\", found \"{text}\""
                )
            }
            Self::Name { line, name } => write!(f, "line {line}: unknown template name: {name}"),
            Self::End { line, word } => write!(f, "line {line}: missing end marker: {word}"),
            Self::Header { template, text } => write!(f, "{template}: unknown header: {text}"),
        }
    }
}

impl std::error::Error for TemplateError {}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn mistakes_say_where_they_are() {
        let fails = |file: &str| Templates::default().read(file).unwrap_err().to_string();
        assert_eq!(
            fails("\nrubbish\n"),
            "line 2: expected \"template_name = <<EOF\", found \"rubbish\""
        );
        assert_eq!(
            fails("x_template = <<E\nE\n"),
            "line 1: unknown template name: x_template"
        );
        assert_eq!(
            fails("failure_template = <<E\n"),
            "line 1: missing end marker: E"
        );
        assert_eq!(
            fails("failure_template = <<E\nTo: x\nE\n"),
            "failure_template: unknown header: To:"
        );
    }
}
