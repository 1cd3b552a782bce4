//! Ordered rules with `if` and `endif`: what pcre and regexp tables are made of. Pure.

use crate::kinds::prefilter::Candidates;

/// Rules in the order of their file.
#[derive(Debug)]
pub(crate) struct Rules<P, V> {
    rules: Vec<Rule<P, V>>,
}

#[derive(Debug)]
struct Rule<P, V> {
    condition: Condition<P>,
    then: Then<V>,
}

/// When a rule applies.
#[derive(Debug)]
pub(crate) struct Condition<P> {
    pub(crate) pattern: P,
    /// Without an exclamation mark before the pattern.
    pub(crate) member: bool,
}

#[derive(Debug)]
enum Then<V> {
    Value(V),
    /// Go on inside the block, or past its end at this rule.
    If(usize),
}

impl<P, V> Rules<P, V> {
    /// Pattern and value of the first rule that applies. `matches` is asked for each pattern that matters; where it is known that
    /// most cannot match, for the candidates.
    pub(crate) fn find<E>(
        &self,
        candidates: Option<&Candidates>,
        mut matches: impl FnMut(&P) -> Result<bool, E>,
    ) -> Result<Option<(&P, &V)>, E> {
        let next = |at| candidates.map_or(Some(at), |candidates| candidates.next(at));
        let may_match = |at| candidates.is_none_or(|candidates| candidates.may_match(at));
        let mut at = 0;
        while let Some(number) = next(at)
            && let Some(rule) = self.rules.get(number)
        {
            at = number;
            let matched = may_match(at) && matches(&rule.condition.pattern)?;
            let applies = matched == rule.condition.member;
            match &rule.then {
                Then::Value(value) if applies => {
                    return Ok(Some((&rule.condition.pattern, value)));
                }
                Then::If(end) if !applies => at = *end,
                Then::Value(_) | Then::If(_) => at += 1,
            }
        }
        Ok(None)
    }
}

/// Rules that are being read.
#[derive(Debug)]
pub(crate) struct Builder<P, V> {
    rules: Vec<Rule<P, V>>,
    /// The blocks that are not ended: their rules and lines.
    open: Vec<(usize, usize)>,
}

impl<P, V> Builder<P, V> {
    pub(crate) const fn new() -> Self {
        Self {
            rules: Vec::new(),
            open: Vec::new(),
        }
    }

    pub(crate) fn rule(&mut self, condition: Condition<P>, value: V) {
        let then = Then::Value(value);
        self.rules.push(Rule { condition, then });
    }

    /// A block begins on this line.
    pub(crate) fn begin(&mut self, condition: Condition<P>, line: usize) {
        self.open.push((self.rules.len(), line));
        let then = Then::If(usize::MAX);
        self.rules.push(Rule { condition, then });
    }

    /// A block ends; false when there is none.
    pub(crate) fn end(&mut self) -> bool {
        let Some((at, _)) = self.open.pop() else {
            return false;
        };
        self.close(at);
        true
    }

    /// All rules, and the lines of blocks that were not ended; these go on to the end of the table.
    pub(crate) fn finish(mut self) -> (Rules<P, V>, Vec<usize>) {
        let open = std::mem::take(&mut self.open);
        open.iter().for_each(|&(at, _)| self.close(at));
        let lines = open.into_iter().map(|(_, line)| line).collect();
        (Rules { rules: self.rules }, lines)
    }

    fn close(&mut self, at: usize) {
        let end = self.rules.len();
        if let Some(rule) = self.rules.get_mut(at) {
            rule.then = Then::If(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(pattern: i32) -> Condition<i32> {
        Condition {
            pattern,
            member: true,
        }
    }

    #[test]
    fn blocks_and_exceptions() {
        let mut builder = Builder::new();
        builder.begin(is(2), 1);
        builder.rule(is(4), "four");
        builder.rule(
            Condition {
                pattern: 8,
                member: false,
            },
            "not eight",
        );
        assert!(builder.end());
        assert!(!builder.end());
        builder.begin(is(3), 7);
        builder.rule(is(9), "nine");
        let (rules, open) = builder.finish();
        assert_eq!(open, [7]);
        let divides = |key: i32| {
            let found = rules.find(None, |pattern| Ok::<_, ()>(key % pattern == 0));
            found.unwrap().map(|(_, value)| *value)
        };
        assert_eq!(divides(4), Some("four"));
        assert_eq!(divides(2), Some("not eight"));
        assert_eq!(divides(9), Some("nine"));
        assert_eq!(divides(3), None);
        assert_eq!(divides(5), None);
    }
}
