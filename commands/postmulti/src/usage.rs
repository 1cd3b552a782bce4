//! The words of the command line's mistakes.

/// What is said to an option that there is not.
pub(crate) const USAGE: &str = "Usage:postmulti -l [-jv] [-a] [-g group] [-i instance] | \
    postmulti -p [-v] [-a] [-g group] [-i instance] command... | \
    postmulti -x [-v] [-a] [-i name] [-g group] command... | \
    postmulti -e action [-v] [-a] [-i name] [-g group] [-I name] [-G group] [param=value ...]";

pub(crate) const ONE_MODE: &str = "Specify exactly one of '-e', '-l', '-p', '-x'";
pub(crate) const ONE_SELECTION: &str = "Specify no more than one of '-a', '-g', '-i'";
pub(crate) const REVERSE: &str = "The '-p' and '-e' options preclude the use of '-R'";
pub(crate) const JSON: &str = "The '-j' option is for '-l' only";
pub(crate) const NO_ASSIGNMENT: &str = "Cannot assign instance name or group without '-e assign'";
pub(crate) const NO_COMMAND: &str = "Command not allowed with '-l'";
pub(crate) const COMMAND: &str = "Command required with '-p' or '-x' option";
pub(crate) const SELECT: &str = "Select an instance via '-i name'";
pub(crate) const ASSIGN_WHAT: &str = "Specify new instance name or group with '-e assign'";
