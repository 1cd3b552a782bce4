//! The bytes of one message of each conversation: they change only when somebody means it.

use mail::outcome::{Action, Dsn};
use mail::stats::Moment;
use mail::{Address, DsnStatus, Notify, QueueId, Recipient, Ret};
use serde::{Serialize, de::DeserializeOwned};

use crate::proxymap::{Act, Answer, Refusal};
use crate::{bounce, cleanup, delivery, flush, proxymap, resolve, table};

fn pinned<M: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    message: &M,
    bytes: &[u8],
) {
    assert_eq!(postcard::to_stdvec(message).unwrap(), bytes);
    assert_eq!(&postcard::from_bytes::<M>(bytes).unwrap(), message);
}

fn id() -> QueueId {
    QueueId::new("4F").unwrap()
}

fn address(text: &str) -> Address {
    Address::new(text).unwrap()
}

fn recipient() -> Recipient {
    Recipient {
        address: address("a@b"),
        original: address("c"),
        dsn_orcpt: b"rfc822;c".to_vec(),
        dsn_notify: Notify::NEVER,
        offset: 300,
    }
}

fn dsn() -> Dsn {
    Dsn {
        action: Some(Action::Failed),
        ..Dsn::new(DsnStatus::new(5, 1, 1), "no")
    }
}

#[test]
fn cleanup() {
    let flags = cleanup::Flags::BOUNCE.with(cleanup::Flags::MAP);
    pinned(&cleanup::Request::Open(flags), &[0, 33]);
    pinned(
        &cleanup::Request::Records(b"N\x02hi".to_vec()),
        b"\x01\x04N\x02hi",
    );
    pinned(&cleanup::Request::End, &[2]);
    pinned(&cleanup::Reply::Opened(id()), b"\x00\x024F");
    let outcome = cleanup::Outcome {
        status: cleanup::Status::Size,
        reason: Vec::new(),
    };
    pinned(&cleanup::Reply::Ended(outcome), &[2, 3, 0]);
}

#[test]
fn resolve() {
    let request = resolve::Request {
        sender: Address::null(),
        address: address("a@b"),
        probe: false,
    };
    pinned(&request, b"\x00\x03a@b\x00");
    let route = resolve::Route {
        transport: "smtp".into(),
        nexthop: b"b".to_vec(),
        recipient: address("a@b"),
        class: resolve::Class::Default,
        source_routed: false,
    };
    let reply = resolve::Reply {
        result: Ok(route),
        generation: 1,
    };
    pinned(&reply, b"\x00\x04smtp\x01b\x03a@b\x04\x00\x01");
}

#[test]
fn delivery() {
    let message = delivery::Message {
        id: id(),
        queue: "active".into(),
        data_offset: 700,
        data_size: 4,
        sender: address("s@b"),
        arrival: Moment {
            seconds: 1,
            micros: 2,
        },
        encoding: String::new(),
        smtputf8: false,
        envelope_id: Vec::new(),
        ret: Ret::Headers,
        client: delivery::Client::default(),
        sasl: delivery::Sasl::default(),
        rewrite_context: "local".into(),
    };
    let request = delivery::Request {
        message,
        nexthop: b"b".to_vec(),
        flags: delivery::Flags {
            reuse: true,
            ..delivery::Flags::default()
        },
        active: Moment {
            seconds: 3,
            micros: 4,
        },
        recipients: vec![recipient()].try_into().unwrap(),
    };
    pinned(
        &request,
        b"\x024F\x06active\xbc\x05\x04\x03s@b\x02\x02\x00\x00\x00\x02\
          \x00\x00\x00\x00\x00\x00\x00\x00\x00\x05local\
          \x01b\x00\x00\x00\x00\x01\x06\x04\x01\x03a@b\x01c\x08rfc822;c\x01\xac\x02",
    );
    pinned(
        &delivery::Report {
            deferred: true,
            bounced: false,
            traced: true,
            destination: None,
        },
        &[1, 0, 1, 0],
    );
}

#[test]
fn bounce() {
    let append = bounce::Append {
        id: id(),
        recipient: recipient(),
        dsn: dsn(),
    };
    pinned(
        &bounce::Request::Append(append),
        b"\x00\x024F\x03a@b\x01c\x08rfc822;c\x01\xac\x02\x05\x01\x01\x01\x00\x02no\x00\x00\x00\x00",
    );
    pinned(&bounce::Reply::Failed, &[1]);
}

#[test]
fn flush() {
    pinned(
        &flush::Request::Add {
            site: "b".into(),
            id: id(),
        },
        b"\x00\x01b\x024F",
    );
    pinned(&flush::Reply::Unknown, &[1]);
}

#[test]
fn proxymap() {
    let request = |act| proxymap::Request {
        table: "unix:x".into(),
        fold: true,
        substitution: false,
        act,
    };
    let key = || b"k".to_vec();
    let value = || b"v".to_vec();
    let find = request(Act::Find { key: key() });
    pinned(&find, b"\x06unix:x\x01\x00\x00\x01k");
    let update = request(Act::Update {
        key: key(),
        value: value(),
    });
    pinned(&update, b"\x06unix:x\x01\x00\x01\x01k\x01v");
    let remove = request(Act::Remove { key: key() });
    pinned(&remove, b"\x06unix:x\x01\x00\x02\x01k");
    let list = request(Act::List { after: Some(key()) });
    pinned(&list, b"\x06unix:x\x01\x00\x03\x01\x01k");
    let found: proxymap::Reply = Ok(Answer::Found(value()));
    pinned(&found, b"\x00\x00\x01v");
    let denied: proxymap::Reply = Err(Refusal::Denied);
    pinned(&denied, b"\x01\x02");
    let entry = proxymap::Entry {
        key: key(),
        value: value(),
    };
    let entries: proxymap::Reply = Ok(Answer::Entries(vec![entry].try_into().unwrap()));
    pinned(&entries, b"\x00\x03\x01\x01k\x01v");
}

#[test]
fn table() {
    let parameter = table::Parameter {
        name: "n".into(),
        value: "v".into(),
    };
    let open = table::Request::Open {
        table: 3,
        name: "/x".into(),
        parameters: vec![parameter].try_into().unwrap(),
    };
    pinned(&open, b"\x00\x03\x02/x\x01\x01n\x01v");
    let shown = <table::Tables as ipc::Protocol>::shown_request(&open);
    assert_eq!(shown, "Open 3 \"/x\", 1 parameters");
    let find = table::Request::Find {
        table: 3,
        key: b"k".to_vec(),
    };
    pinned(&find, b"\x01\x03\x01k");
    let reply = table::Reply {
        notes: vec!["o".to_owned()].try_into().unwrap(),
        answer: table::Answer::Found(b"v".to_vec()),
    };
    pinned(&reply, b"\x01\x01o\x01\x01v");
}

#[test]
fn a_list_longer_than_its_maximum_is_refused() {
    let bytes = postcard::to_stdvec(&vec![1_u8, 2, 3]).unwrap();
    assert!(postcard::from_bytes::<crate::bounded::Bounded<u8, 2>>(&bytes).is_err());
    assert!(postcard::from_bytes::<crate::bounded::Bounded<u8, 3>>(&bytes).is_ok());
}
