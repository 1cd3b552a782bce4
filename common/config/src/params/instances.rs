//! More than one mail system on one machine, and where it is installed.

use crate::table::params;
use crate::value::Words;

params! {
    /// This instance among the others (postmulti(1)).
    pub struct Instances {
        /// The configuration directories of the other instances.
        multi_instance_directories: Words = "";
        /// Whether this instance is started by postmulti(1).
        multi_instance_enable: bool = "no";
        /// The group of instances that this one belongs to.
        multi_instance_group: String = "";
        /// The name of this instance.
        multi_instance_name: String = "";
        /// The command that postfix(1) passes its work to when there are several instances.
        multi_instance_wrapper: String = "";
        /// The postfix(1) commands that start an instance.
        postmulti_start_commands: Words = "start";
        /// The postfix(1) commands that stop an instance.
        postmulti_stop_commands: Words = "stop abort drain quick-stop";
        /// The postfix(1) commands that work on a running instance.
        postmulti_control_commands: Words = "reload flush";
    }

    /// Where the installation put things.
    pub struct Installation {
        /// Where the sendmail(1) command is.
        sendmail_path: String [1 ..] = "/usr/sbin/sendmail";
        /// Where the mailq(1) command is.
        mailq_path: String [1 ..] = "/usr/bin/mailq";
        /// Where the newaliases(1) command is.
        newaliases_path: String [1 ..] = "/usr/bin/newaliases";
        /// Where the man pages are.
        manpage_directory: String [1 ..] = "/usr/share/man";
        /// Where sample configuration files are.
        sample_directory: String [1 ..] = "/etc/postfix";
        /// Where the README files are.
        readme_directory: String [1 ..] = "no";
        /// Where the documentation for browsers is.
        html_directory: String [1 ..] = "no";
        /// The openssl command that postfix tls uses.
        openssl_path: String [1 ..] = "openssl";
    }
}
