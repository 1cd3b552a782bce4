//! The address list of a header (RFC 5322 section 3.4): taken apart, its addresses rewritten, printed again.
//!
//! ```text
//! To: Name <user@example.com>, (comment) other, group: a, b;
//! ```
//!
//! Phrases, comments, groups and empty members are kept. Text that is no address list is understood as far as possible:
//! words without commas between them are addresses of their own, as header readers have always done. Parsing never
//! fails and printing never loses an address.

use crate::quote::{quote_822, unquote};
use token::{Token, Tokens};

mod token;

/// A parsed list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AddressList {
    items: Vec<Item>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Item {
    Mailbox(Mailbox),
    /// Comments where no address is.
    Comments(Vec<u8>),
    Comma,
    /// The phrase before the colon.
    GroupStart(Vec<u8>),
    GroupEnd,
}

/// One address with what stands around it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Mailbox {
    /// Text and comments before `<`, when there is one.
    phrase: Option<Vec<u8>>,
    /// In internal form.
    address: Vec<u8>,
    comments: Vec<u8>,
}

impl AddressList {
    /// Take a header's value apart; what comes after `limit` tokens is dropped.
    #[must_use]
    pub fn parse(text: &[u8], limit: usize) -> Self {
        let tokens: Vec<_> = Tokens::new(text).take(limit).collect();
        Parser::default().parse(&tokens)
    }

    /// The addresses, in internal form; `<>` is the empty one.
    pub fn addresses(&self) -> impl Iterator<Item = &[u8]> {
        self.items.iter().filter_map(|item| match item {
            Item::Mailbox(mailbox) => Some(mailbox.address.as_slice()),
            Item::Comments(_) | Item::Comma | Item::GroupStart(_) | Item::GroupEnd => None,
        })
    }

    /// The same, to be changed in place.
    pub fn addresses_mut(&mut self) -> impl Iterator<Item = &mut Vec<u8>> {
        self.items.iter_mut().filter_map(|item| match item {
            Item::Mailbox(mailbox) => Some(&mut mailbox.address),
            Item::Comments(_) | Item::Comma | Item::GroupStart(_) | Item::GroupEnd => None,
        })
    }

    /// Whether the list has group marks in it.
    #[must_use]
    pub fn has_group(&self) -> bool {
        self.items
            .iter()
            .any(|item| matches!(item, Item::GroupStart(_) | Item::GroupEnd))
    }

    /// Whether the list is nothing but addresses as they stand in an envelope: no phrase, bracket, comment or comma.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.items.iter().all(|item| match item {
            Item::Mailbox(mailbox) => mailbox.phrase.is_none() && mailbox.comments.is_empty(),
            Item::Comma | Item::Comments(_) | Item::GroupStart(_) | Item::GroupEnd => false,
        })
    }

    /// The whole header, `Name: value`, folded after commas so that lines stay short; line breaks are LF and tab.
    #[must_use]
    pub fn header(&self, name: &[u8]) -> Vec<u8> {
        let mut line = [name, b": "].concat();
        let mut pieces = self.pieces().into_iter();
        let mut width = line.len();
        if let Some(first) = pieces.next() {
            width += first.len();
            line.extend_from_slice(&first);
        }
        for piece in pieces {
            if width + 1 + piece.len() < FOLD_WIDTH {
                line.push(b' ');
                width += 1 + piece.len();
            } else {
                line.extend_from_slice(b"\n\t");
                width = piece.len();
            }
            line.extend_from_slice(&piece);
        }
        line
    }

    /// The list as pieces that each end in a comma, but the last.
    fn pieces(&self) -> Vec<Vec<u8>> {
        let mut pieces = Vec::new();
        let mut piece: Vec<u8> = Vec::new();
        let mut last: Option<&Item> = None;
        for item in &self.items {
            match item {
                Item::Comma => {
                    piece.push(b',');
                    pieces.push(std::mem::take(&mut piece));
                }
                Item::GroupEnd => {
                    // An empty group keeps the space after its colon.
                    if matches!(last, Some(Item::GroupStart(_))) {
                        piece.push(b' ');
                    }
                    piece.push(b';');
                }
                Item::GroupStart(phrase) => {
                    space(&mut piece);
                    piece.extend_from_slice(phrase);
                    piece.push(b':');
                }
                Item::Comments(text) => {
                    space(&mut piece);
                    piece.extend_from_slice(text);
                }
                Item::Mailbox(mailbox) => {
                    space(&mut piece);
                    mailbox.print(&mut piece);
                }
            }
            last = Some(item);
        }
        if !piece.is_empty() {
            pieces.push(piece);
        }
        pieces
    }
}

/// A line that is printed is shorter than this, unless one piece alone is longer.
const FOLD_WIDTH: usize = 70;

fn space(piece: &mut Vec<u8>) {
    if !piece.is_empty() {
        piece.push(b' ');
    }
}

impl Mailbox {
    fn print(&self, out: &mut Vec<u8>) {
        let address = quote_822(&self.address);
        match &self.phrase {
            None => out.extend_from_slice(&address),
            Some(phrase) => {
                out.extend_from_slice(phrase);
                if !phrase.is_empty() {
                    out.push(b' ');
                }
                out.push(b'<');
                out.extend_from_slice(&address);
                out.push(b'>');
            }
        }
        if self.phrase.is_none() && !self.comments.is_empty() {
            out.push(b' ');
        }
        out.extend_from_slice(&self.comments);
    }
}

/// Turns tokens into items, left to right.
#[derive(Default)]
struct Parser<'a> {
    items: Vec<Item>,
    /// Words since the last comma, group mark or mailbox.
    words: Vec<Token<'a>>,
}

impl<'a> Parser<'a> {
    fn parse(mut self, tokens: &[Token<'a>]) -> AddressList {
        let mut rest = tokens;
        while let Some((&token, after)) = rest.split_first() {
            rest = after;
            match token {
                Token::Special(b'<') => match closing(after) {
                    Some(end) => {
                        let (inside, tail) = after.split_at(end);
                        self.angle(inside);
                        rest = tail.get(1..).unwrap_or_default();
                    }
                    None => self.words.push(Token::Atom(b"<")),
                },
                Token::Special(b',') => {
                    self.flush();
                    self.items.push(Item::Comma);
                }
                Token::Special(b';') => {
                    self.flush();
                    self.items.push(Item::GroupEnd);
                }
                Token::Special(b':') if self.is_group_name(after) => {
                    let phrase = print_words(&std::mem::take(&mut self.words));
                    self.separate();
                    self.items.push(Item::GroupStart(phrase));
                }
                Token::Special(_)
                | Token::Atom(_)
                | Token::Quoted(_)
                | Token::Literal(_)
                | Token::Comment(_) => self.words.push(token),
            }
        }
        self.flush();
        AddressList { items: self.items }
    }

    /// Whether a colon after these words starts a group: not in a source route, and only with a semicolon that ends it.
    fn is_group_name(&self, after: &[Token<'_>]) -> bool {
        !self.words.contains(&Token::Special(b'@')) && ends_as_group(after)
    }

    fn angle(&mut self, inside: &[Token<'a>]) {
        let phrase = std::mem::take(&mut self.words);
        let comments: Vec<_> = inside
            .iter()
            .filter(|token| matches!(token, Token::Comment(_)))
            .copied()
            .collect();
        self.separate();
        self.items.push(Item::Mailbox(Mailbox {
            phrase: Some(print_words(&phrase)),
            address: internal(inside),
            comments: print_words(&comments),
        }));
    }

    /// The words that are left are bare addresses; a comment belongs to the address before it, or else to the next.
    fn flush(&mut self) {
        let words = std::mem::take(&mut self.words);
        let mut comments = Vec::new();
        let mut address = Vec::new();
        for word in words {
            if matches!(word, Token::Comment(_)) {
                comments.push(word);
                continue;
            }
            let ends = address.last().is_some_and(Token::ends_word) && word.starts_word();
            if ends {
                self.bare(
                    &std::mem::take(&mut address),
                    &std::mem::take(&mut comments),
                );
            }
            address.push(word);
        }
        if !address.is_empty() {
            self.bare(&address, &comments);
        } else if !comments.is_empty() {
            self.comments_alone(&comments);
        }
    }

    fn bare(&mut self, address: &[Token<'a>], comments: &[Token<'a>]) {
        if let Some(Item::GroupEnd) = self.items.last() {
            self.items.push(Item::Comma);
        }
        self.separate();
        self.items.push(Item::Mailbox(Mailbox {
            phrase: None,
            address: internal(address),
            comments: print_words(comments),
        }));
    }

    /// Comments after `<address>`, or where no address is.
    fn comments_alone(&mut self, comments: &[Token<'a>]) {
        let comments = print_words(comments);
        match self.items.last_mut() {
            Some(Item::Mailbox(mailbox)) => {
                if !mailbox.comments.is_empty() {
                    mailbox.comments.push(b' ');
                }
                mailbox.comments.extend_from_slice(&comments);
            }
            _ => self.items.push(Item::Comments(comments)),
        }
    }

    /// Two addresses that follow each other get the comma that is missing.
    fn separate(&mut self) {
        if let Some(Item::Mailbox(_)) = self.items.last() {
            self.items.push(Item::Comma);
        }
    }
}

fn closing(tokens: &[Token<'_>]) -> Option<usize> {
    tokens
        .iter()
        .position(|token| *token == Token::Special(b'>'))
}

/// Whether a semicolon comes before the next colon, those within angle brackets not counted.
fn ends_as_group(tokens: &[Token<'_>]) -> bool {
    let mut in_angles = false;
    for token in tokens {
        match token {
            Token::Special(b'<') => in_angles = true,
            Token::Special(b'>') => in_angles = false,
            Token::Special(mark @ (b';' | b':')) if !in_angles => return *mark == b';',
            Token::Special(_)
            | Token::Atom(_)
            | Token::Quoted(_)
            | Token::Literal(_)
            | Token::Comment(_) => {}
        }
    }
    false
}

/// The address that tokens spell, without quotes and without source route.
fn internal(tokens: &[Token<'_>]) -> Vec<u8> {
    let tokens = without_route(tokens);
    let mut address = Vec::new();
    let mut after_word = false;
    for token in tokens {
        let word = token.is_word();
        if word && after_word {
            address.push(b' ');
        }
        match token {
            Token::Comment(_) => continue,
            Token::Quoted(text) => address.extend_from_slice(&unquote(text)),
            Token::Atom(text) | Token::Literal(text) => address.extend_from_slice(&unquote(text)),
            Token::Special(byte) => address.push(*byte),
        }
        after_word = word && !matches!(token, Token::Atom(b"<"));
    }
    address
}

/// What follows `@relay,@relay:`.
fn without_route<'a, 'b>(tokens: &'a [Token<'b>]) -> &'a [Token<'b>] {
    let colon = match tokens.first() {
        Some(Token::Special(b'@')) => tokens.iter().position(|t| *t == Token::Special(b':')),
        _ => None,
    };
    let after = colon.and_then(|colon| tokens.get(colon + 1..));
    after.unwrap_or(tokens)
}

/// Words as they were written, one space between two words, none around a special.
fn print_words(tokens: &[Token<'_>]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut after_word = false;
    for token in tokens {
        let word = !matches!(token, Token::Special(_));
        if word && after_word {
            text.push(b' ');
        }
        match token {
            Token::Atom(bytes)
            | Token::Quoted(bytes)
            | Token::Literal(bytes)
            | Token::Comment(bytes) => text.extend_from_slice(bytes),
            Token::Special(byte) => text.push(*byte),
        }
        after_word = word;
    }
    text
}

#[cfg(test)]
mod tests;
