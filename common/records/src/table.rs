//! Driver programs (`mysql_table` and its like): tables behind a client library that no daemon links.
//!
//! The program that opens a table starts the driver, hands it connected sockets and speaks this over each of them. It
//! numbers its tables; a table that was opened over one socket is known on all of them.

use ipc::Protocol;
use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

use crate::bounded::Bounded;

/// Names the conversation.
pub enum Tables {}

impl Protocol for Tables {
    const NAME: &'static str = "table";
    const MAX_FRAME: usize = 1024 * 1024;
    type Request = Request;
    type Reply = Reply;

    /// A table's configuration has passwords, and values may be some.
    fn shown_request(request: &Request) -> String {
        let text = String::from_utf8_lossy;
        match request {
            Request::Open {
                table,
                name,
                parameters,
            } => format!("Open {table} {name:?}, {} parameters", parameters.len()),
            Request::Find { table, key } => format!("Find {table} {:?}", text(key)),
            Request::Update { table, key, value } => {
                format!("Update {table} {:?}, {} bytes", text(key), value.len())
            }
            Request::Remove { table, key } => format!("Remove {table} {:?}", text(key)),
        }
    }

    fn shown_reply(reply: &Reply) -> String {
        match &reply.answer {
            Answer::Found(value) => format!("Found({} bytes)", value.len()),
            answer @ (Answer::Done | Answer::NotFound | Answer::Failed(_)) => format!("{answer:?}"),
        }
    }
}

/// The number that the opener gave to a table.
pub type Number = u32;

/// What the opener asks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, Schema)]
pub enum Request {
    /// Make a table ready. Nothing is connected yet.
    Open {
        /// How it is called from now on.
        table: Number,
        /// What follows the type: a file's name, or the prefix of parameters in main.cf.
        name: String,
        /// The table's configuration.
        parameters: Bounded<Parameter, 500>,
    },
    /// Look a key up.
    Find {
        /// Which table.
        table: Number,
        /// The key.
        #[serde(with = "serde_bytes")]
        key: Vec<u8>,
    },
    /// Set the value of a key.
    Update {
        /// Which table.
        table: Number,
        /// The key.
        #[serde(with = "serde_bytes")]
        key: Vec<u8>,
        /// Its value.
        #[serde(with = "serde_bytes")]
        value: Vec<u8>,
    },
    /// Remove a key.
    Remove {
        /// Which table.
        table: Number,
        /// The key.
        #[serde(with = "serde_bytes")]
        key: Vec<u8>,
    },
}

/// One `name = value` of a table's configuration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, Schema)]
pub struct Parameter {
    /// The name, without the prefix that it may have in main.cf.
    pub name: String,
    /// The value.
    pub value: String,
}

/// What the driver says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, Schema)]
pub struct Reply {
    /// What an administrator should read in the log, such as a server that did not answer while another one did.
    pub notes: Bounded<String, 32>,
    /// The answer.
    pub answer: Answer,
}

/// The answer to a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, Schema)]
pub enum Answer {
    /// The table is open, or its entry is changed.
    Done,
    /// The value.
    Found(#[serde(with = "serde_bytes")] Vec<u8>),
    /// No such key.
    NotFound,
    /// No answer this time, and why.
    Failed(String),
}
