//! What a server offers in its reply to EHLO or LHLO. Pure.

/// The offers that matter to a sender.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Features {
    /// PIPELINING.
    pub pipelining: bool,
    /// 8BITMIME.
    pub eight_bit: bool,
    /// DSN.
    pub dsn: bool,
    /// SMTPUTF8.
    pub smtputf8: bool,
    /// SIZE: `Some(0)` is no fixed limit.
    pub size: Option<u64>,
    /// XFORWARD, with the attributes that the server takes.
    pub xforward: Vec<String>,
}

impl Features {
    /// Read a reply's lines (with their codes); what `ignored` lists is as if not offered.
    #[must_use]
    pub fn parse(lines: &[String], ignored: &[String]) -> Self {
        let mut features = Self::default();
        for line in lines.iter().skip(1) {
            let offer = line.get(4..).unwrap_or_default();
            let mut words = offer.split([' ', '=']).filter(|word| !word.is_empty());
            let Some(keyword) = words.next() else {
                continue;
            };
            if !ignored
                .iter()
                .any(|word| word.eq_ignore_ascii_case(keyword))
            {
                features.take(&keyword.to_ascii_uppercase(), words);
            }
        }
        features
    }

    fn take<'a>(&mut self, keyword: &str, mut words: impl Iterator<Item = &'a str>) {
        match keyword {
            "PIPELINING" => self.pipelining = true,
            "8BITMIME" => self.eight_bit = true,
            "DSN" => self.dsn = true,
            "SMTPUTF8" => self.smtputf8 = true,
            "SIZE" => self.size = Some(words.next().and_then(|n| n.parse().ok()).unwrap_or(0)),
            "XFORWARD" => self.xforward = words.map(str::to_ascii_uppercase).collect(),
            _ => {}
        }
    }

    /// The limit on a message, in bytes, when there is one.
    #[must_use]
    pub fn size_limit(&self) -> Option<u64> {
        self.size.filter(|&limit| limit > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers() {
        let lines = [
            "250-mx.example PIPELINING",
            "250-pipelining",
            "250-SIZE 1000",
            "250-XFORWARD NAME addr",
            "250-8BITMIME",
            "250-",
            "250 DSN",
        ];
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let features = Features::parse(&lines, &["dsn".to_owned()]);
        let expected = Features {
            pipelining: true,
            eight_bit: true,
            size: Some(1000),
            xforward: vec!["NAME".to_owned(), "ADDR".to_owned()],
            ..Features::default()
        };
        assert_eq!(features, expected);
        assert_eq!(Features::parse(&lines[..1], &[]), Features::default());
    }
}
