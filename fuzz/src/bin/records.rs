//! Records between programs: any bytes for any conversation are a value or an error; a value keeps its bytes' meaning.
#![no_main]

use ipc::{Message, Protocol};
use libfuzzer_sys::fuzz_target;

fn decode<M: Message>(bytes: &[u8]) {
    let Ok((message, _rest)) = postcard::take_from_bytes::<M>(bytes) else {
        return;
    };
    let encoded = postcard::to_stdvec(&message).expect("what was decoded can be encoded");
    let again: M = postcard::from_bytes(&encoded).expect("what was encoded can be decoded");
    assert_eq!(
        encoded,
        postcard::to_stdvec(&again).expect("encoded once more")
    );
}

fn converse<P: Protocol>(bytes: &[u8]) {
    decode::<P::Request>(bytes);
    decode::<P::Reply>(bytes);
}

fuzz_target!(|bytes: &[u8]| {
    converse::<records::bounce::Bounce>(bytes);
    converse::<records::cleanup::Cleanup>(bytes);
    converse::<records::delivery::Delivery>(bytes);
    converse::<records::flush::Flush>(bytes);
    converse::<records::proxymap::Proxymap>(bytes);
    converse::<records::resolve::Resolve>(bytes);
    converse::<records::table::Tables>(bytes);
});
