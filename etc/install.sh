#!/bin/sh
# Put the built programs and the stock configuration where install.table says.
#
#   DESTDIR=/tmp/root PREFIX=/usr etc/install.sh target/release
#
# PREFIX moves what is under /usr (default /usr); DESTDIR is put before every path. As root, owners, groups and modes are
# those of the table (users and groups that are missing are made when DESTDIR is empty); as another user, only modes are.
set -eu

built=$1
here=$(cd "$(dirname "$0")" && pwd)
prefix=${PREFIX:-/usr}
root=${DESTDIR:-}

config_directory=/etc/postfix
meta_directory=$config_directory
queue_directory=/var/spool/postfix
data_directory=/var/lib/postfix
daemon_directory=$prefix/lib/postfix/sbin
command_directory=$prefix/sbin
sendmail_path=$prefix/sbin/sendmail
mailq_path=$prefix/bin/mailq
newaliases_path=$prefix/bin/newaliases
manpage_directory=$prefix/share/man
mail_owner=${MAIL_OWNER:-postfix}
setgid_group=${SETGID_GROUP:-postdrop}

if [ "$(id -u)" = 0 ] && [ -z "$root" ]; then
    getent group "$setgid_group" >/dev/null || groupadd -r "$setgid_group"
    getent passwd "$mail_owner" >/dev/null ||
        useradd -r -d "$queue_directory" -s /usr/sbin/nologin "$mail_owner"
fi

# The value of a field, with $names replaced. The table is ours, so eval sees only names and paths.
value() {
    eval "printf '%s' \"$1\""
}

# The file that an installed path is made from; what is a pattern stays one.
source_of() {
    case $1 in
    */main.cf | */master.cf) printf '%s' "$here/${1##*/}" ;;
    */main.cf.proto | */master.cf.proto) name=${1##*/} && printf '%s' "$here/${name%.proto}" ;;
    */postfix-files) printf '%s' "$here/install.table" ;;
    */post-install | */postfix-script | */postfix-wrapper) printf '%s' "$here/scripts/${1##*/}" ;;
    "$root$manpage_directory"/*) printf '%s' "$here/../docs/man${1#"$root$manpage_directory"}" ;;
    *.service) printf '%s' "$here/postfix.service" ;;
    *) printf '%s' "$built/${1##*/}" ;;
    esac
}

# Put one file in its place. A running program is never overwritten: the new one takes its name.
put() {
    cp "$1" "$2.new"
    case $2 in
    */main.cf | */main.cf.proto | */postfix.service | */post-install | */postfix-script) sed -i \
        -e "s|/usr/lib/postfix/sbin|$daemon_directory|" -e "s|/usr/sbin|$command_directory|" "$2.new" ;;
    esac
    case $2 in
    */main.cf | */main.cf.proto)
        sed -i -e "s|^mail_owner = .*|mail_owner = $mail_owner|" -e "s|^setgid_group = .*|setgid_group = $setgid_group|" "$2.new"
        [ "$prefix" = /usr ] || printf '%s\n' "sendmail_path = $sendmail_path" "mailq_path = $mailq_path" \
        "newaliases_path = $newaliases_path" "manpage_directory = $manpage_directory" >>"$2.new" ;;
    esac
    own "$2.new" "$3" "$4" "$5"
    mv -f "$2.new" "$2"
}

own() {
    if [ "$(id -u)" = 0 ] && getent passwd "$2" >/dev/null; then
        chown "$2" "$1"
        if [ "$3" != - ] && getent group "$3" >/dev/null; then chgrp "$3" "$1"; fi
    fi
    chmod "$4" "$1"
}

grep -v '^#' "$here/install.table" | while IFS=: read -r path type owner group mode flags; do
    target=$root$(value "$path")
    owner=$(value "$owner")
    group=$(value "$group")
    case $type in
    d)
        mkdir -p "$target"
        own "$target" "$owner" "$group" "$mode"
        ;;
    f)
        mkdir -p "${target%/*}"
        case $flags in *p*) [ ! -e "$target" ] || continue ;; esac
        # A path is no pattern but for its last part, so that a folder with blanks does no harm.
        from=$(source_of "$target")
        for source in "${from%/*}"/${from##*/}; do
            if [ ! -f "$source" ]; then
                case $flags in *o*) continue ;; esac
            fi
            case $target in *\**) place=${target%/*}/${source##*/} ;; *) place=$target ;; esac
            put "$source" "$place" "$owner" "$group" "$mode"
        done
        ;;
    l)
        mkdir -p "${target%/*}"
        ln -sfn "$owner" "$target"
        ;;
    h)
        ln -f "$root$owner" "$target"
        ;;
    esac
done
