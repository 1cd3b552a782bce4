# Lets the mail system of a case log to a file, and shows what it logged. Read it with `. "$ROOM/log.sh"`; the instance
# needs `maillog_file_prefixes = /`.

echo "maillog_file = $PWD/log" >>/etc/postfix/main.cf

# logged: the lines since the last call, without times and process ids.
logged() {
    test ! -e log || sed 's/^.\{15\} [^ ]* //; s/\[[0-9]*\]/[N]/; s/PID: [0-9]*$/PID: N/; s/-- version [^,]*/-- version V/' log
    : >log
}

# try WORD...: postfix with these words, its exit status if that is not 0, and what it logged.
try() {
    postfix "$@" || echo "exit $?"
    logged
}
