use super::*;

const OLD: &str = "smtp inet n - n - - smtpd\n\
                   # comment\n\
                   pickup fifo n n n 60 1 pickup\n\
                   cleanup unix\t-\t-\tn\t-\t0\tcleanup\n\
                   \t-o a=b\n\
                   tlsmgr fifo - - n 300 1 tlsmgr\n\
                   proxywrite unix - - n - - proxymap";

#[test]
fn old_entries_change_and_the_rest_stays() {
    let upgraded = upgrade(OLD, |_| false);
    assert_eq!(
        upgraded.text,
        "smtp inet n - n - - smtpd\n\
         # comment\n\
         pickup fifo n - n 60 1 pickup\n\
         cleanup unix\tn\t-\tn\t-\t0\tcleanup\n\
         \t-o a=b\n\
         tlsmgr unix - - n 300? 1 tlsmgr\n\
         proxywrite unix - - n - 1 proxymap"
    );
    assert_eq!(upgraded.done.len(), 4);
}

#[test]
fn services_are_added_for_programs_that_are_there() {
    let upgraded = upgrade(OLD, |program| program == "flush");
    assert!(upgraded.text.ends_with("1000?   0       flush\n"));
    assert_eq!(upgraded.done[0], "adding missing entry for flush service");
}

#[test]
fn a_second_upgrade_changes_nothing() {
    let once = upgrade(OLD, |_| true);
    let twice = upgrade(&once.text, |_| true);
    assert_eq!(twice.text, once.text);
    assert!(twice.done.is_empty());
}
