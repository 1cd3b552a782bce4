# Puts files of known content into the queue of a case, and shows where they are. Read it with `. "$ROOM/letters.sh"`: the
# script goes on in the queue directory.

scratch=$PWD
cd "$(postconf -h queue_directory)"

# record TYPE TEXT: one record of a queue file, of no more than 127 bytes.
record() {
    printf "%s\\$(printf %03o ${#2})%s" "$1" "$2"
}

# letter FOLDER/NAME SENDER RECIPIENT...: a letter of 25 bytes that arrived on 14 November 2023.
letter() {
    at=$1
    from=$2
    shift 2
    {
        record T "1700000000 123456"
        record A rewrite_context=local
        record S "$from"
        for to; do record R "$to"; done
    } >"$scratch"/envelope
    { record N "Subject: test"; record N ""; record N hello.; } >"$scratch"/content
    length=$(wc -c <"$scratch"/content)
    size=$(printf "%15d %15d %15d %15d %15d %15d" "$length" $((99 + $(wc -c <"$scratch"/envelope))) $# 0 "$length" 0)
    { record C "$size"; cat "$scratch"/envelope; record M ""; cat "$scratch"/content; record X ""; record E ""; } >"$scratch"/letter
    place "$at" "$scratch"/letter 700
}

# place FOLDER/NAME FILE MODE: any file.
place() {
    mkdir -p "${1%/*}"
    cp "$2" "$1"
    chown -R fpmail "${1%%/*}"
    chmod "$3" "$1"
}

# log FOLDER/NAME RECIPIENT REASON: one more entry in a bounce, defer or trace log.
log() {
    mkdir -p "${1%/*}"
    printf '<%s>: %s\nrecipient=%s\noffset=200\nstatus=4.0.0\naction=delayed\nreason=%s\n\n' "$2" "$3" "$2" "$3" >>"$1"
    chown -R fpmail "${1%%/*}"
    chmod 600 "$1"
}

# inode FILE: as it stands in the name of a queue file.
inode() {
    printf %X "$(stat -c %i "$1")"
}

# files: everything in the queue.
files() {
    find maildrop incoming active deferred hold corrupt bounce defer trace flush -type f | sort
}
