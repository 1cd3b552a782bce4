//! Calls as programs in the wild make them.

use super::*;

fn parse(line: &str) -> Options {
    try_parse(line).unwrap()
}

fn try_parse(line: &str) -> Result<Options, OptionsError> {
    let words: Vec<OsString> = line
        .split(' ')
        .filter(|w| !w.is_empty())
        .map(OsString::from)
        .collect();
    Options::parse("sendmail", words)
}

fn recipients(options: &Options) -> Vec<&str> {
    options
        .recipients
        .iter()
        .map(|word| std::str::from_utf8(word).unwrap())
        .collect()
}

#[test]
fn cron_and_its_kin() {
    let options = parse("-i -FCronDaemon -B8BITMIME -oem root");
    assert_eq!(options.full_name.as_deref(), Some(&b"CronDaemon"[..]));
    assert_eq!(options.body, Some(Body::EightBitMime));
    assert!(!options.dot_ends);
    assert_eq!(recipients(&options), ["root"]);
    let options = parse("-FCronDaemon -i -odi -oem -oi -t -f root");
    assert!(options.extract);
    assert_eq!(options.sender.as_deref(), Some(&b"root"[..]));
    assert!(recipients(&options).is_empty());
    let options = parse("-i -B 8BITMIME user@example.com");
    assert_eq!(options.body, Some(Body::EightBitMime));
    assert_eq!(recipients(&options), ["user@example.com"]);
}

#[test]
fn mail_programs() {
    let options = parse("-oem -oi -froot boco");
    assert_eq!(options.sender.as_deref(), Some(&b"root"[..]));
    assert_eq!(recipients(&options), ["boco"]);
    let options = parse("-i -- rcpt -alias");
    assert_eq!(recipients(&options), ["rcpt", "-alias"]);
    let options = parse("-ti");
    assert!(options.extract && !options.dot_ends);
    let options = parse("-oem -oi -N success,delay -R hdrs -V id+1 a b");
    assert_eq!(options.notify, Notify::SUCCESS.with(Notify::DELAY));
    assert_eq!(options.ret, Ret::Headers);
    assert_eq!(options.envelope_id.as_deref(), Some(&b"id+1"[..]));
    assert!(parse("-Nnever x").notify == Notify::NEVER);
}

#[test]
fn obsolete_options_are_swallowed() {
    for line in [
        "-p NNTP:host -ee -oi x",
        "-Am -L label -h 5 -m -n -U -x -c -a x",
        "-O foo=bar -o7 -o8 -om -oQ/x x",
        "-X log -odq x",
    ] {
        let options = parse(line);
        assert_eq!(recipients(&options), ["x"], "{line}");
        assert_eq!(options.mode, Mode::Deliver);
        assert!(options.warnings.is_empty());
    }
}

#[test]
fn modes() {
    assert_eq!(parse("-bp").mode, Mode::List);
    assert_eq!(parse("-bs").mode, Mode::Smtp);
    assert_eq!(parse("-bd -q1h").mode, Mode::Daemon);
    assert_eq!(parse("-q").mode, Mode::Flush);
    assert_eq!(parse("-q5m").mode, Mode::Nothing);
    assert_eq!(
        parse("-qRexample.com").mode,
        Mode::FlushSite("example.com".to_owned())
    );
    assert_eq!(parse("-qI4ABC").mode, Mode::FlushMessage("4ABC".to_owned()));
    assert_eq!(
        parse("-bi -oAhash:/x").alias_database.as_deref(),
        Some("hash:/x")
    );
    let named = |name: &str| Options::parse(name, []).unwrap().mode;
    assert_eq!(named("mailq"), Mode::List);
    assert_eq!(named("newaliases"), Mode::Aliases);
}

#[test]
fn mistakes() {
    for (line, text) in [
        ("-d0.1 x", "usage: sendmail [options]"),
        ("-f", "usage: sendmail [options]"),
        ("-Bfoo x", "-B option needs 8BITMIME or 7BIT"),
        ("-bt", "unsupported: -bt"),
        ("-oA", "-oA requires pathname"),
        ("-qSsite", "-qS is not implemented"),
        ("-I x", "alias initialization mode requires no recipient"),
        ("-bp x", "display queue mode requires no recipient"),
        ("-bv -t x", "-t option cannot be used with -bv"),
        ("-bp -t", "-t can be used only in delivery mode"),
    ] {
        assert_eq!(try_parse(line).unwrap_err().to_string(), text, "{line}");
    }
    assert_eq!(parse("-N foo x").warnings.len(), 2);
    assert_eq!(parse("-Nnever,success x").notify, Notify::UNSET);
    assert_eq!(parse("-R foo x").warnings.len(), 1);
}
