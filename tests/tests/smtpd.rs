//! smtpd(8): the SMTP protocol as clients see it.

use suite::case;

case!(greeting_and_farewell, |setup| {
    let mail = setup.start();
    let mut client = suite::Client::connect("127.0.0.1:25");
    client.expect_reply("220 mail.ferro.example ESMTP {id}");
    client.quit();
    mail.log()
        .wait("smtpd", "connect from localhost[127.0.0.1]");
    mail.log().wait(
        "smtpd",
        "disconnect from localhost[127.0.0.1] quit=1 commands=1",
    );
});

case!(letter_reaches_the_mailbox, |setup| {
    let mail = setup.start();
    let id = mail.send(
        "sender@client.example",
        &["alice@ferro.example"],
        "Subject: hello\n\nfirst line\n",
    );
    let letter = mail.letter_of("alice");
    assert_eq!(letter.header("Subject").as_deref(), Some("hello"));
    mail.log().wait("qmgr", &format!("{id}: removed"));
});
