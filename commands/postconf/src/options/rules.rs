//! Which options cannot stand together.

/// The options, in the order in which messages name them.
const ORDER: &str = "aAbdefFhHjlmMnopPqtTxX#";

/// What the command is about: one of them.
const SUBJECTS: &str = "aAbFlmMpPtT";

/// Options that exclude each other, besides the subjects.
const EXCLUSIVE: [(char, &str); 7] = [
    ('d', "no"),
    ('h', "H"),
    ('j', "fhH"),
    ('e', "dfhHjnoxX#"),
    ('X', "dfhHjnox#"),
    ('#', "dfhHjnox"),
    ('b', "t"),
];

/// What goes with each subject.
const COMPATIBLE: [(char, &str); 4] = [
    ('p', "defhHjnoqxX#"),
    ('M', "efjoqxX#"),
    ('F', "efhHjoqx"),
    ('P', "efhHjoqxX"),
];

/// Check the letters of a command line.
pub(super) fn check(letters: &str) -> Result<(), String> {
    let given: Vec<char> = ORDER
        .chars()
        .filter(|letter| letters.contains(*letter))
        .collect();
    let mut subjects = given.iter().filter(|letter| SUBJECTS.contains(**letter));
    let subject = subjects.next();
    match (subject, subjects.next()) {
        (Some('b'), Some('t')) => return Err("specify one of -b and -t".to_owned()),
        (Some(first), Some(second)) => return Err(format!("specify one of -{first} -{second}")),
        _ => {}
    }
    for (at, first) in given.iter().enumerate() {
        if let Some(second) = given
            .iter()
            .skip(at)
            .find(|second| exclude(*first, **second))
        {
            return Err(format!("specify one of -{first} -{second}"));
        }
    }
    let Some(subject) = subject else {
        return Ok(());
    };
    let fitting = COMPATIBLE
        .iter()
        .find(|(of, _)| of == subject)
        .map_or("", |(_, fitting)| fitting);
    match given
        .iter()
        .find(|letter| *letter != subject && !fitting.contains(**letter))
    {
        Some(other) => Err(format!("with option -{subject}, do not specify -{other}")),
        None => Ok(()),
    }
}

fn exclude(first: char, second: char) -> bool {
    EXCLUSIVE.iter().any(|(one, others)| {
        (*one == first && others.contains(second)) || (*one == second && others.contains(first))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_subject_and_what_goes_with_it() {
        assert_eq!(check("Mefx"), Err("specify one of -e -f".to_owned()));
        assert_eq!(check("pM"), Err("specify one of -M -p".to_owned()));
        assert_eq!(
            check("nl"),
            Err("with option -l, do not specify -n".to_owned())
        );
        assert_eq!(
            check("#P"),
            Err("with option -P, do not specify -#".to_owned())
        );
        for good in ["", "nfx", "Mx", "MX", "Fxj", "dj"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }
}
