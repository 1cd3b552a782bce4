//! The queue manager on a real queue directory, with services of the test's own behind real sockets.

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use config::{Loader, MainCf};
use ipc::{Connection, Protocol, Server};
use mail::outcome::Dsn;
use mail::{DsnStatus, QueueId};
use queue::{Folder, IdForm, Layout, NewFile, RecordType, claim};
use records::bounce::{self, Bounce};
use records::delivery::{self as request, Delivery, Report};
use records::resolve::{self, Class, Resolve, Route};
use tokio::net::UnixListener;
use tokio::task::{LocalSet, spawn_local};

use crate::intake::Terms;
use crate::manager::Manager;
use crate::message::Origin;

/// What the services saw.
#[derive(Default)]
struct Seen {
    requests: Vec<request::Request>,
    notices: Vec<(&'static str, bounce::Request)>,
}

struct House {
    manager: Rc<Manager>,
    seen: Rc<RefCell<Seen>>,
    layout: Layout,
}

/// The queue directory is the working directory of the whole process.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn in_house<F: Future<Output = ()>>(settings: &[&str], test: impl FnOnce(House) -> F) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let spool = tempfile::tempdir().unwrap();
    std::env::set_current_dir(spool.path()).unwrap();
    for folder in Folder::ALL.map(Folder::name).into_iter().chain(["private"]) {
        fs::create_dir(folder).unwrap();
    }
    let loader = settings
        .iter()
        .fold(Loader::new("qmgr"), |loader, setting| {
            loader.set(setting).unwrap()
        });
    let settings = loader.over(spool.path().to_owned(), MainCf::default());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async {
        let seen = Rc::new(RefCell::new(Seen::default()));
        spawn_local(resolver());
        for transport in ["smtp", "retry", "error"] {
            spawn_local(agent(transport, Rc::clone(&seen)));
        }
        for service in ["bounce", "defer", "trace"] {
            spawn_local(logs(service, Rc::clone(&seen)));
        }
        tokio::task::yield_now().await;
        let manager = Rc::new(Manager::new(&settings, None).unwrap());
        spawn_local(Rc::clone(&manager).feed());
        test(House {
            manager,
            seen,
            layout: Layout::default(),
        })
        .await;
    });
}

async fn accept<P: Protocol>(path: String) -> impl AsyncFnMut() -> Server<P> {
    let listener = UnixListener::bind(path).unwrap();
    async move || {
        let (socket, _) = listener.accept().await.unwrap();
        Server::over(Connection::waiting(socket).unwrap())
    }
}

/// Every domain is its own next hop, except for some.
async fn resolver() {
    let mut next = accept::<Resolve>("private/rewrite".to_owned()).await;
    loop {
        let mut server = next().await;
        spawn_local(async move {
            while let Ok(Some(question)) = server.receive().await {
                let domain = question.address.domain().unwrap_or(b"nowhere").to_vec();
                let transport = if domain == b"absent.test" {
                    "absent"
                } else {
                    "smtp"
                };
                let route = Route {
                    transport: transport.to_owned(),
                    nexthop: domain,
                    recipient: question.address,
                    class: Class::Default,
                    source_routed: false,
                };
                let reply = resolve::Reply {
                    result: Ok(route),
                    generation: 1,
                };
                server.reply(&reply).await.unwrap();
            }
        });
    }
}

/// An agent that delivers, except to recipients whose names ask for something else.
async fn agent(transport: &'static str, seen: Rc<RefCell<Seen>>) {
    let mut next = accept::<Delivery>(format!("private/{transport}")).await;
    loop {
        let mut server = next().await;
        let seen = Rc::clone(&seen);
        spawn_local(async move {
            while let Ok(Some((request, file))) = server.receive_with().await {
                let file = fs::File::from(file);
                let mut report = Report {
                    deferred: transport == "retry",
                    ..Report::default()
                };
                for recipient in request.recipients.iter() {
                    match recipient.address.local_part() {
                        _ if report.deferred => {}
                        b"later" => report.deferred = true,
                        b"dead" => {
                            report.deferred = true;
                            report.destination =
                                Some(Dsn::new(DsnStatus::new(4, 4, 1), "no route"));
                        }
                        name => {
                            report.bounced |= name == b"unknown";
                            queue::edit::mark_done(&file, recipient.offset).unwrap();
                        }
                    }
                }
                seen.borrow_mut().requests.push(request);
                server.reply(&report).await.unwrap();
            }
        });
    }
}

async fn logs(service: &'static str, seen: Rc<RefCell<Seen>>) {
    let mut next = accept::<Bounce>(format!("private/{service}")).await;
    loop {
        let mut server = next().await;
        let seen = Rc::clone(&seen);
        spawn_local(async move {
            while let Ok(Some(request)) = server.receive().await {
                seen.borrow_mut().notices.push((service, request));
                server.reply(&bounce::Reply::Done).await.unwrap();
            }
        });
    }
}

impl House {
    /// Put a letter into a folder.
    fn letter(&self, folder: Folder, recipients: &[&str]) -> QueueId {
        let mut file = NewFile::create(&self.layout, folder, IdForm::Long).unwrap();
        file.put_size().unwrap();
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs();
        file.put(RecordType::TIME, format!("{now} 0").as_bytes())
            .unwrap();
        file.put(RecordType::SENDER, b"me@here.test").unwrap();
        for recipient in recipients {
            file.put(RecordType::RECIPIENT, recipient.as_bytes())
                .unwrap();
        }
        file.put(RecordType::MESSAGE, b"").unwrap();
        file.put(RecordType::LINE, b"Subject: x").unwrap();
        file.put(RecordType::EXTRACTED, b"").unwrap();
        file.put(RecordType::END, b"").unwrap();
        file.ready().unwrap().sync().unwrap()
    }

    fn announce(&self, id: &QueueId) {
        let path = self.layout.path(Folder::Incoming, id);
        let terms = Terms {
            folder: Folder::Incoming,
            origin: Origin::New,
            early: false,
            flushed: false,
        };
        self.manager.take_in(id, &path, terms);
    }

    fn place(&self, id: &QueueId) -> Option<(Folder, PathBuf)> {
        Folder::MAIL
            .into_iter()
            .chain([Folder::Corrupt])
            .map(|folder| (folder, self.layout.path(folder, id)))
            .find(|(_, path)| path.exists())
    }

    async fn wait_in(&self, id: &QueueId, folder: Option<Folder>) -> Option<PathBuf> {
        let end = Instant::now() + Duration::from_secs(5);
        loop {
            let place = self.place(id);
            if place.as_ref().map(|(folder, _)| *folder) == folder {
                return place.map(|(_, path)| path);
            }
            assert!(
                Instant::now() < end,
                "{id} is in {place:?}, not in {folder:?}"
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Next hop and recipients of each request, in order.
    fn requests(&self) -> Vec<(String, usize)> {
        let seen = self.seen.borrow();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        seen.requests
            .iter()
            .map(|request| (text(&request.nexthop), request.recipients.len()))
            .collect()
    }

    fn notices(&self) -> Vec<String> {
        let name = |request: &bounce::Request| match request {
            bounce::Request::Flush(_) => "flush",
            bounce::Request::Warn(_) => "warn",
            bounce::Request::Append(_) => "append",
            bounce::Request::One(..) => "one",
            bounce::Request::Purge(_) => "purge",
        };
        let seen = self.seen.borrow();
        seen.notices
            .iter()
            .map(|(service, request)| format!("{service} {}", name(request)))
            .collect()
    }
}

#[test]
fn a_letter_is_delivered_and_removed() {
    in_house(&[], |house| async move {
        let id = house.letter(Folder::Incoming, &["a@x.test", "b@x.test", "c@y.test"]);
        house.announce(&id);
        house.wait_in(&id, None).await;
        let mut requests = house.requests();
        requests.sort();
        assert_eq!(
            requests,
            [("x.test".to_owned(), 2), ("y.test".to_owned(), 1)]
        );
        assert!(house.notices().is_empty());
        assert!(house.manager.messages.borrow().is_empty());
        assert_eq!(house.manager.schedule.borrow().entries(), 0);
    });
}

#[test]
fn what_is_left_waits_and_is_tried_again() {
    in_house(&["minimal_backoff_time=2s"], |house| async move {
        let id = house.letter(Folder::Incoming, &["a@x.test", "later@x.test"]);
        house.announce(&id);
        let path = house.wait_in(&id, Some(Folder::Deferred)).await.unwrap();
        let due = fs::metadata(&path).unwrap().modified().unwrap();
        assert!(due > SystemTime::now());
        fs::write(house.layout.path(Folder::Defer, &id), "").unwrap_or_default();
        house.manager.want_deferred();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(house.requests().len(), 1, "its time has not come");
        claim::set_time(&path, SystemTime::now()).unwrap();
        house.manager.want_deferred();
        while house.requests().len() < 2 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        house.wait_in(&id, Some(Folder::Deferred)).await;
        assert_eq!(
            house.requests(),
            [("x.test".to_owned(), 2), ("x.test".to_owned(), 1)]
        );
    });
}

#[test]
fn notices_come_before_removal() {
    in_house(&[], |house| async move {
        let id = house.letter(Folder::Incoming, &["unknown@x.test"]);
        house.announce(&id);
        house.wait_in(&id, None).await;
        assert_eq!(house.notices(), ["bounce flush"]);
    });
}

#[test]
fn an_expired_letter_is_returned() {
    in_house(&["maximal_queue_lifetime=0"], |house| async move {
        let id = house.letter(Folder::Incoming, &["later@x.test"]);
        house.announce(&id);
        house.wait_in(&id, None).await;
        assert_eq!(house.notices(), ["defer flush"]);
    });
}

#[test]
fn a_letter_that_was_given_up_is_not_tried_again() {
    in_house(&[], |house| async move {
        let id = house.letter(Folder::Deferred, &["a@x.test"]);
        claim::add_mode(
            &house.layout.path(Folder::Deferred, &id),
            claim::FORCE_EXPIRE,
        )
        .unwrap();
        let log = house.layout.path(Folder::Defer, &id);
        fs::create_dir_all(log.parent().unwrap()).unwrap();
        fs::write(&log, "\n<a@x.test>: busy\n\n").unwrap();
        house.manager.want_deferred();
        house.wait_in(&id, None).await;
        assert_eq!(house.notices(), ["defer flush"]);
        assert!(house.requests().is_empty());
    });
}

#[test]
fn without_agent_the_retry_transport_takes_over() {
    in_house(&["initial_destination_concurrency=1"], |house| async move {
        let absent = house.letter(Folder::Incoming, &["a@absent.test"]);
        house.announce(&absent);
        house.wait_in(&absent, Some(Folder::Deferred)).await;
        let dead = house.letter(Folder::Incoming, &["dead@x.test"]);
        house.announce(&dead);
        house.wait_in(&dead, Some(Folder::Deferred)).await;
        let after = house.letter(Folder::Incoming, &["b@x.test"]);
        house.announce(&after);
        house.wait_in(&after, Some(Folder::Deferred)).await;
        let hops: Vec<_> = house.requests().into_iter().map(|(hop, _)| hop).collect();
        assert_eq!(
            hops,
            [
                "4.3.0 mail transport unavailable",
                "x.test",
                "4.4.1 delivery temporarily suspended: no route"
            ]
        );
    });
}

#[test]
fn a_damaged_file_goes_aside_and_the_rest_goes_on() {
    in_house(&[], |house| async move {
        let broken = house.letter(Folder::Incoming, &["a@x.test"]);
        let path = house.layout.path(Folder::Incoming, &broken);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 7]).unwrap();
        let embryo = house.letter(Folder::Incoming, &["a@x.test"]);
        let path = house.layout.path(Folder::Incoming, &embryo);
        fs::set_permissions(path, fs::Permissions::from_mode(claim::EMBRYO)).unwrap();
        let whole = house.letter(Folder::Incoming, &["a@x.test"]);
        house.manager.want_incoming();
        house.wait_in(&whole, None).await;
        house.wait_in(&broken, Some(Folder::Corrupt)).await;
        house.wait_in(&embryo, Some(Folder::Incoming)).await;
    });
}

#[test]
fn more_recipients_than_fit_are_read_in_portions() {
    in_house(
        &[
            "qmgr_message_recipient_limit=4",
            "qmgr_message_recipient_minimum=3",
        ],
        |house| async move {
            let names: Vec<_> = (0..23).map(|n| format!("r{n}@x.test")).collect();
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let id = house.letter(Folder::Incoming, &names);
            house.announce(&id);
            house.wait_in(&id, None).await;
            let count: usize = house.requests().into_iter().map(|(_, count)| count).sum();
            assert_eq!(count, 23);
        },
    );
}

#[test]
fn a_letter_that_somebody_delivers_is_left_alone() {
    in_house(&[], |house| async move {
        let id = house.letter(Folder::Active, &["a@x.test"]);
        let file = claim::open(&house.layout.path(Folder::Active, &id)).unwrap();
        assert!(claim::lock_shared(&file).unwrap());
        house.manager.recover_active().unwrap();
        house.manager.want_incoming();
        tokio::time::sleep(Duration::from_millis(50)).await;
        let path = house.wait_in(&id, Some(Folder::Incoming)).await.unwrap();
        assert!(fs::metadata(&path).unwrap().modified().unwrap() > SystemTime::now());
        drop(file);
        claim::set_time(&path, SystemTime::now()).unwrap();
        house.manager.want_incoming();
        house.wait_in(&id, None).await;
    });
}
